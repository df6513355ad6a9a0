// Puts a card in place of <script src="…/embed.js" data-work="slug"> or <a data-ardoise href="…/l/slug">.
// Without JavaScript the link stays a link. Nothing is stored and nothing is sent but the card's own request.
(() => {
  const script = document.currentScript;
  const shop = new URL(script.src).origin;

  const card = (slug, via) => {
    const frame = document.createElement('iframe');
    frame.src = `${shop}/embed/${encodeURIComponent(slug)}${via ? `?via=${encodeURIComponent(via)}` : ''}`;
    frame.title = script.dataset.title || 'Ardoise';
    frame.loading = 'lazy';
    frame.height = '152';
    frame.style.cssText = 'border:0;width:100%;max-width:32rem;color-scheme:normal';
    return frame;
  };

  const replace = (link) => {
    const url = new URL(link.href);
    const slug = url.pathname.match(/^\/l\/([^/]+)$/);
    if (url.origin === shop && slug) {
      link.replaceWith(card(decodeURIComponent(slug[1]), url.searchParams.get('via')));
    }
  };

  if (script.dataset.work) script.after(card(script.dataset.work, script.dataset.via));
  const links = () => document.querySelectorAll('a[data-ardoise]').forEach(replace);
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', links);
  else links();
})();
