// Keeps the numbers marked data-gain as fresh as the till: GET /gains/stream sends texts that are formatted already.
(() => {
  const live = document.getElementById('live');
  if (!live || !window.EventSource) return;
  const stream = new EventSource(live.dataset.stream);
  const show = (name, text) => {
    const place = document.querySelector(`[data-gain="${CSS.escape(name)}"]`);
    if (!place || place.textContent === text) return;
    place.textContent = text;
    place.classList.remove('fresh');
    // Reading a size lets the same animation start again.
    void place.offsetWidth;
    place.classList.add('fresh');
  };
  stream.onopen = () => { live.hidden = false; };
  stream.onerror = () => { live.hidden = true; };
  stream.onmessage = (event) => Object.entries(JSON.parse(event.data)).forEach((pair) => show(...pair));
  addEventListener('pagehide', () => stream.close());
})();
