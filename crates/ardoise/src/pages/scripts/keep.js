// "You keep" while the price is typed: the server's own sum, in whole millionths, from the rates in data attributes.
(() => {
  const table = document.getElementById('keep');
  const price = document.getElementById('price');
  if (!table || !price) return;
  const { locale, currency } = table.dataset;
  const rows = [...table.querySelectorAll('tr[data-rate]')];
  const up = (product, divisor) => (product + divisor - 1n) / divisor;

  const micros = (text) => {
    const read = /^(\d{1,12})(?:[.,](\d{1,6}))?$/.exec(text.trim());
    return read && BigInt(read[1]) * 1000000n + BigInt((read[2] || '').padEnd(6, '0'));
  };

  const keeps = (amount, { rate, fixed, over }) => {
    const share = over === '0' ? BigInt(fixed) : up(BigInt(fixed) * amount, BigInt(over));
    const left = amount - up(amount * BigInt(rate), 10000n) - share;
    return left > 0n ? left - (left % 1000n) : 0n;
  };

  // A decimal string keeps Intl exact; a number would be a float.
  const shown = (amount) => {
    const digits = String(amount % 1000000n).padStart(6, '0');
    const style = { style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: 6 };
    return new Intl.NumberFormat(locale, style).format(`${amount / 1000000n}.${digits}`);
  };

  const update = () => {
    const amount = micros(price.value);
    if (amount === null) return;
    table.querySelector('output').textContent = shown(amount);
    rows.forEach((row) => { row.cells[1].textContent = shown(keeps(amount, row.dataset)); });
  };
  price.addEventListener('input', update);
  update();
})();
