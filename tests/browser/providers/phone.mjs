// A mobile operator that speaks CAMARA's Carrier Billing, as far as a reader meets it: a code by a message, and a bill.

import { Provider, json, nothing } from './provider.mjs';

/** The code of every message. */
export const CODE = '352673';

export class Operator extends Provider {
  payments = [];

  settings() {
    return {
      ARDOISE_RAILS_TO_PRIVATE: 'true', ARDOISE_PHONE_BASE: this.url, ARDOISE_PHONE_TOKEN_URL: `${this.url}/token`,
      ARDOISE_PHONE_CLIENT_ID: 'shop', ARDOISE_PHONE_SECRET: 'hush',
    };
  }

  /** What stands on bills, in the numbers of the description. */
  billed() {
    const charged = this.payments.filter(({ status }) => status === 'succeeded');
    return charged.map(({ asked }) => [
      asked.amountTransaction.phoneNumber, asked.amountTransaction.paymentAmount.chargingInformation.amount,
    ]);
  }

  answer(method, path, said) {
    if (path === '/token') return json({ access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
    const [, id, verb] = /^\/carrier-billing\/v0\.5\/payments\/(\w+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (id === 'prepare') return json(this.#prepare(said), 201);
    const payment = this.payments.find((known) => known.id === id);
    if (!payment) return undefined;
    if (method === 'GET') return json(shown(payment));
    if (verb === 'validate') return validate(payment, said);
    payment.status = { confirm: 'succeeded', cancel: 'cancelled' }[verb];
    return nothing(202);
  }

  #prepare(asked) {
    const payment = { id: `PAY${this.payments.length + 1}`, asked, status: 'pending_validation' };
    this.payments.push(payment);
    return { ...shown(payment), validationInfo: { action: 'validate', authorizationId: `AUTH${payment.id}` } };
  }
}

function shown({ id, asked, status }) {
  return { paymentId: id, paymentStatus: status, amountTransaction: asked.amountTransaction };
}

function validate(payment, { code }) {
  const wrong = 'CARRIER_BILLING.INVALID_CODE';
  if (code !== CODE) return json({ status: 400, code: wrong, message: 'Another code was sent.' }, 400);
  payment.status = 'reserved';
  return nothing(204);
}
