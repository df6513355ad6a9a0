// Ben transfers what he owes, and Olu brings the statement of the bank.

import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseRail, owes, owing } from '../steps.mjs';
import { FEW, euros, say, typed } from '../ways.mjs';

const SONGS = 190;
const IBAN = 'FR76 3000 6000 0112 3456 7890 189';
const SETTINGS = {
  ARDOISE_TRANSFER_IBAN: IBAN, ARDOISE_TRANSFER_NAME: 'La Fabrique SARL', ARDOISE_TRANSFER_BIC: 'AGRIFRPP', ARDOISE_RAIL_SANDBOX: 'off',
};
/** What else is on the statement: a sale of chairs, and what the shop paid for itself. */
const CHAIRS = 4500;
const DAY = new Date().toISOString().slice(0, 10);

async function byTransfer(stage, look) {
  const { lang } = look;
  const { olu, ben } = await owing(stage, look, SONGS, SETTINGS);
  await ben.look('choose');
  await chooseRail(ben, 'transfer');
  assert.equal(await ben.page.inputValue('#fact-iban'), IBAN);
  assert.equal(await ben.page.locator('.scan svg').count(), 1);
  await ben.look('details');
  const reference = await ben.page.inputValue('#fact-reference');
  const charge = ben.page.url();
  await ben.press('main a.button.quiet', /^\/tab$/);
  await ben.sees(euros(lang, SONGS), '.owed');
  await ben.look('tab-waits');
  await ben.press(`main a[href="${new URL(charge).pathname}"]`, /^\/tab\/charges\//);
  await oluBringsTheStatement(olu, statement(lang, reference));
  await owes(ben, 0);
  await ben.look('tab-paid');
  await ben.visit(charge);
  await ben.sees(euros(lang, SONGS));
  await ben.look('paid');
}

/** A statement as banks give it: a table in French, CAMT.053 in English. Ben wrote the reference in small letters. */
function statement(lang, reference) {
  const [songs, chairs] = [SONGS, CHAIRS].map((cents) => typed(lang, cents));
  const bens = `MARTIN BEN ${reference.toLowerCase()}`;
  if (lang === 'fr') {
    const [year, month, day] = DAY.split('-');
    const row = (words, debit, credit) => `${day}/${month}/${year};${words};${debit};${credit}`;
    const rows = [row(`VIR ${bens}`, '', songs), row('VIR DUPONT, chaises', '', chairs), row('PRLV ELECTRICITE', '-61,20', '')];
    return { name: 'releve.csv', text: ['Date opération;Libellé;Débit;Crédit', ...rows].join('\r\n') };
  }
  const entry = (amount, way, called, words) => `<Ntry><Amt Ccy="EUR">${amount}</Amt><CdtDbtInd>${way}</CdtDbtInd>`
    + `<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>${DAY}</Dt></BookgDt><AcctSvcrRef>${called}</AcctSvcrRef>`
    + `<NtryDtls><TxDtls><RmtInf><Ustrd>${words}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`;
  const entries = [entry(songs, 'CRDT', 'A1', bens), entry(chairs, 'CRDT', 'A2', 'Dupont, chairs'), entry('61.20', 'DBIT', 'A3', 'Power')];
  const account = `<Acct><Id><IBAN>${IBAN.replaceAll(' ', '')}</IBAN></Id></Acct>`;
  const text = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>${account}${entries.join('')}`
    + '</Stmt></BkToCstmrStmt></Document>';
  return { name: 'statement.xml', text };
}

async function oluBringsTheStatement(olu, { name, text }) {
  const { lang } = olu.way;
  const file = join(olu.stage.open.folder, name);
  await writeFile(file, text);
  await olu.visit('/desk');
  await olu.press('a[href="/desk/bank"]', /^\/desk\/bank$/);
  await olu.look('bank');
  await bring(olu, file);
  await olu.sees(say(lang, 'Un encaissement va à son ardoise', 'One credit goes to its tab'));
  await olu.look('understood');
  await olu.press('main form button.loud', /^\/desk\/bank\?/);
  await olu.sees(euros(lang, CHAIRS));
  await olu.look('taken-in');
  await olu.press('button[name=aside][value=yes]', /^\/desk\/bank/);
  await bring(olu, file);
  await olu.sees(say(lang, '2 sont déjà connus', '2 are known'));
  await olu.look('again');
}

async function bring(olu, file) {
  await olu.page.setInputFiles('#file', file);
  await olu.press('form[action="/desk/bank"] button.loud', /^\/desk\/bank\/[^/?]+$/);
}

export default FEW.map((look) => ({ name: `transfer ${look.name}`, run: (stage) => byTransfer(stage, look) }));
