// Looks every few seconds how a charge stands, and loads the page anew once that has changed. Without JavaScript the page
// has a link to itself: one that loads anew by itself takes the page away from whoever reads slowly.
(() => {
  const charge = document.getElementById('charge');
  if (!charge) return;
  charge.querySelectorAll('[data-notices]').forEach((words) => { words.hidden = false; });
  let seen;
  const look = async () => {
    if (document.visibilityState !== 'visible') return;
    const answer = await fetch(charge.dataset.charge, { headers: { accept: 'application/json' } }).catch(() => null);
    if (!answer || answer.status >= 500) return;
    const { state, next } = await answer.json();
    const now = JSON.stringify([state, next]);
    if (seen !== undefined && seen !== now || !['begun', 'waiting'].includes(state)) location.reload();
    seen = now;
  };
  setInterval(look, 5000);
  document.addEventListener('visibilitychange', look);
})();
