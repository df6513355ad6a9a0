// PayPal, as far as a reader meets it: an order, a page on which they agree, a capture. And authors, who are paid by it.

import { Provider, agreement, json, redirect } from './provider.mjs';

const FEE = '0.10';

export class PayPal extends Provider {
  orders = new Map();
  captures = 0;
  payouts = [];
  /** How the next payouts stand. */
  paying = { item: 'SUCCESS', fee: '0.00' };
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
    if (path.startsWith('/v1/payments/payouts')) return this.#payout(method, id, said);
    if (third === 'captures') return json(this.#refund(headers['paypal-request-id'], said), 201);
    if (third !== 'orders') return undefined;
    if (!id) return json(this.#shown(this.#make(said)), 201);
    const order = this.orders.get(id);
    if (what === 'capture') this.#capture(order);
    return json(this.#shown(order));
  }

  /** A batch of one, once for a shop's own name. */
  #payout(method, id, asked) {
    if (method === 'POST') {
      const own = asked.sender_batch_header.sender_batch_id;
      let made = this.payouts.find((payout) => payout.own === own);
      if (!made) this.payouts.push(made = { id: `BATCH${this.payouts.length + 1}`, own, asked, stand: this.paying });
      return json({ batch_header: this.#batch(made, 'PENDING') }, 201);
    }
    const payout = this.payouts.find((known) => known.id === id);
    const [item] = payout.asked.items;
    const fee = { currency: item.amount.currency, value: payout.stand.fee };
    return json({
      batch_header: this.#batch(payout, 'SUCCESS'),
      items: [{ payout_item_id: 'ITEM', payout_batch_id: id, transaction_status: payout.stand.item, payout_item_fee: fee, payout_item: item }],
    });
  }

  #batch({ id, asked }, status) {
    return { payout_batch_id: id, batch_status: status, sender_batch_header: asked.sender_batch_header };
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
