// Looks every few seconds how a charge stands, and loads the page anew once that has changed. Without JavaScript the page
// loads itself.
(() => {
  const charge = document.getElementById('charge');
  if (!charge) return;
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
