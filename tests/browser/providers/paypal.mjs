// PayPal, as far as a reader meets it: an order, a page on which they agree, a capture.

import { Provider, agreement, json, redirect } from './provider.mjs';

const FEE = '0.10';

export class PayPal extends Provider {
  orders = new Map();
  captures = 0;
  refunds = new Map();

  settings() {
    return {
      ARDOISE_RAILS_TO_PRIVATE: 'true', ARDOISE_PAYPAL_PLACE: this.url, ARDOISE_PAYPAL_CLIENT_ID: 'shop',
      ARDOISE_PAYPAL_SECRET: 'hush',
    };
  }

  /** What went back, in the order in which it was asked for. */
  sentBack() {
    return [...this.refunds.values()].map(({ amount }) => amount.value);
  }

  answer(method, path, said, query, headers) {
    const [, first, , third, id, what] = path.split('/');
    if (path === '/v1/oauth2/token') return json({ access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
    if (first === 'agree') return this.#agree(method, path.split('/')[2], said);
    if (third === 'captures') return json(this.#refund(headers['paypal-request-id'], said), 201);
    if (third !== 'orders') return undefined;
    if (!id) return json(this.#shown(this.#make(said)), 201);
    const order = this.orders.get(id);
    if (what === 'capture') this.#capture(order);
    return json(this.#shown(order));
  }

  #make(asked) {
    const id = `ORDER${this.orders.size + 1}`;
    const order = { id, asked, status: asked.payment_source.paypal.vault_id ? 'APPROVED' : 'PAYER_ACTION_REQUIRED' };
    this.orders.set(id, order);
    return order;
  }

  #agree(method, id, { does }) {
    const order = this.orders.get(id);
    const [unit] = order.asked.purchase_units;
    if (method === 'GET') return agreement('PayPal', `/agree/${id}`, `${unit.amount.value} ${unit.amount.currency_code}`);
    if (does === 'pay') order.status = 'APPROVED';
    const places = order.asked.payment_source.paypal.experience_context;
    return redirect(does === 'pay' ? places.return_url : places.cancel_url);
  }

  #capture(order) {
    if (order.status !== 'COMPLETED') this.captures += 1;
    order.status = 'COMPLETED';
  }

  /** Money goes back once for a key. */
  #refund(key, { amount }) {
    if (!this.refunds.has(key)) this.refunds.set(key, { id: `REFUND${this.refunds.size + 1}`, status: 'COMPLETED', amount });
    return this.refunds.get(key);
  }

  #shown({ id, asked, status }) {
    const [{ custom_id, invoice_id, amount }] = asked.purchase_units;
    const unit = { reference_id: 'default', custom_id, invoice_id, amount };
    const paypal = { email_address: 'ben@example.org' };
    if (status === 'COMPLETED') {
      const fee = { currency_code: amount.currency_code, value: FEE };
      const breakdown = { gross_amount: amount, paypal_fee: fee };
      const capture = { id: `CAPTURE${id}`, status, amount, custom_id, seller_receivable_breakdown: breakdown };
      unit.payments = { captures: [capture] };
      if (asked.payment_source.paypal.attributes) paypal.attributes = { vault: { id: `VAULT${id}`, status: 'VAULTED' } };
    }
    const links = [{ rel: 'payer-action', href: `${this.url}/agree/${id}`, method: 'GET' }];
    return { id, intent: 'CAPTURE', status, purchase_units: [unit], payment_source: { paypal }, links };
  }
}
