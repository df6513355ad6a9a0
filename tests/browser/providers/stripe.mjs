// Stripe, as far as a reader meets it: a page on which they pay, a payment that is read back, and one that their bank does not make
// without them.

import { Provider, agreement, json, redirect } from './provider.mjs';

export class Stripe extends Provider {
  sessions = new Map();
  /** Payments that the shop asked for while their readers were away. */
  askedAway = [];

  settings() {
    return { ARDOISE_RAILS_TO_PRIVATE: 'true', ARDOISE_STRIPE_BASE: this.url, ARDOISE_STRIPE_SECRET: 'sk_test_hush' };
  }

  answer(method, path, said) {
    const [, first, second, third, , fifth] = path.split('/');
    if (second === 'payment_intents') return this.#payAway(method, said);
    if (second === 'payment_methods') return json({ id: third, customer: null });
    if (first === 'c') return this.#page(method, path, this.sessions.get(third), said);
    if (`${second}/${third}` !== 'checkout/sessions') return undefined;
    const id = path.split('/')[4];
    if (!id) return json(this.#shown(this.#make(said)));
    const session = this.sessions.get(id);
    if (fifth === 'expire' && session.status === 'open') session.status = 'expired';
    return json(this.#shown(session));
  }

  /** The bank wants to hear it from the reader. */
  #payAway(method, asked) {
    if (method === 'GET') return json({ object: 'list', data: [], has_more: false });
    this.askedAway.push(asked.customer);
    const code = 'authentication_required';
    return json({ error: { type: 'card_error', code, decline_code: code, message: 'Proof is wanted.' } }, 402);
  }

  #make(asked) {
    const id = `cs_test_${this.sessions.size + 1}`;
    const session = { id, asked, status: 'open' };
    this.sessions.set(id, session);
    return session;
  }

  #page(method, path, session, { does }) {
    const cents = session.asked['line_items[0][price_data][unit_amount]'];
    if (method === 'GET') return agreement('Stripe', path, `${cents} ct`);
    if (does === 'pay') session.status = 'complete';
    return redirect(session.asked[does === 'pay' ? 'success_url' : 'cancel_url']);
  }

  #shown({ id, asked, status }) {
    const amount = Number(asked['line_items[0][price_data][unit_amount]']);
    const currency = asked['line_items[0][price_data][currency]'];
    const intent = {
      id: `pi_${id}`, object: 'payment_intent', status: 'succeeded', amount, amount_received: amount, currency,
      metadata: { charge: asked['metadata[charge]'] }, customer: `cus_${id}`, payment_method: `pm_${id}`,
      latest_charge: {
        id: `ch_${id}`, balance_transaction: { id: `txn_${id}`, fee: 26, currency },
        payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242' } },
      },
    };
    return {
      id, object: 'checkout.session', status, client_reference_id: asked.client_reference_id,
      url: status === 'open' ? `${this.url}/c/pay/${id}` : null,
      payment_intent: status === 'complete' ? intent : null,
      customer_details: status === 'complete' ? { email: 'ben@reader.example' } : null,
    };
  }
}
