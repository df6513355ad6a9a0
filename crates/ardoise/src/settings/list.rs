//! The list of settings.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key: the table and the name in `ardoise.toml`, with a point between.
    pub key: &'static str,
    /// What holds when nobody sets it.
    pub default: &'static str,
    /// What it is for, with its unit.
    pub about: &'static str,
    /// Whether it is a secret of a rail: refused in `ardoise.toml`, and shown to nobody.
    pub is_secret: bool,
}

const fn setting(key: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { key, default, about, is_secret: false }
}

/// A secret of a rail. Beside it stands a setting `{key}_file` that names a file of mode 600.
const fn secret(key: &'static str, about: &'static str) -> Setting {
    Setting { key, default: "", about, is_secret: true }
}

/// Every setting, in the order of the manual.
pub const LIST: &[Setting] = &[
    setting(
        "store",
        "",
        "Where the books are kept: an address such as postgres://user:secret@host/ardoise, or empty for a file in the data folder.",
    ),
    setting(
        "files",
        "",
        "Where finished files are kept: a bucket such as s3://bucket/folder, or empty for the data folder.",
    ),
    setting("shop.name", "Ardoise", "The name in the header of every page."),
    setting("shop.about", "", "One sentence about the shop, on its front."),
    setting(
        "shop.seller",
        "",
        "The legal seller's name and address, as receipts and the withdrawal page show it. Empty: the shop's name.",
    ),
    setting("shop.email", "", "The address readers can write to about withdrawals and refunds."),
    setting(
        "shop.currency",
        "EUR",
        "The currency of the books: EUR, USD, GBP or CHF. It cannot change once the shop is founded.",
    ),
    setting("serve.listen", "127.0.0.1:8080", "The address and port to listen on."),
    setting(
        "serve.url",
        "",
        "The address readers see, without a slash at the end. Empty: http://localhost and the port.",
    ),
    setting(
        "serve.behind_proxy",
        "false",
        "Whether a proxy of yours stands in front, so that X-Forwarded-For tells the reader's network.",
    ),
    setting(
        "serve.connections",
        "900",
        "Connections at the same time; more wait. Keep it below the limit of open files (`ulimit -n`).",
    ),
    setting("tab.limit_device", "2.00", "What a tab may owe while only a device stands behind it."),
    setting(
        "tab.limit_mandate",
        "6.00",
        "What a tab may owe with a way to pay bound to it, before it was settled once.",
    ),
    setting("tab.limit_settled", "10.00", "What a tab may owe after it was settled once."),
    setting("tab.limit_trusted", "15.00", "What a tab may owe after it was settled three times."),
    setting(
        "tab.invite_at",
        "1.00",
        "What a tab owes when its reader is first invited to bind a way to pay to it; they can put the invitation away.",
    ),
    setting(
        "tab.settle_at",
        "5.00",
        "The total from which a reader is asked to settle, or a tab to which a way to pay is bound is charged.",
    ),
    setting(
        "tab.large_seller",
        "false",
        "Whether the seller is larger than a medium-sized enterprise, as European law has it: the days below are then 10, 11, 12 and 14, unless they are set.",
    ),
    setting(
        "tab.due_days",
        "40",
        "Days after which the oldest open line has to be settled before anything else is bought.",
    ),
    setting("tab.first_retry_days", "43", "Days after which a charge that failed is tried again."),
    setting("tab.second_retry_days", "46", "Days after which it is tried for the last time."),
    setting(
        "tab.write_off_days",
        "49",
        "Days after which open lines are written off; the tab is then closed until they are paid.",
    ),
    setting("tab.remind_days", "2", "Days before the due day on which a reader is reminded."),
    setting(
        "tab.notice_days",
        "2",
        "Days between telling a reader that their tab will be charged by what is bound to it, and charging it.",
    ),
    setting(
        "tab.undo_minutes",
        "30",
        "Minutes in which a reader can undo a line without a question.",
    ),
    setting(
        "tab.undo_watch_from",
        "10",
        "Purchases from which one-tap undo is withheld when more than half of them were undone.",
    ),
    setting(
        "tab.new_per_hour",
        "60",
        "New tabs that one network (an IPv4 /24, an IPv6 /48) may open in an hour.",
    ),
    setting(
        "fee.basis_points",
        "0",
        "The operator's fee on each sale without its tax, in hundredths of a percent.",
    ),
    setting(
        "vat.standard",
        "2000",
        "The standard tax rate, in hundredths of a percent, included in prices.",
    ),
    setting(
        "vat.reduced",
        "550",
        "The reduced rate (books in France), in hundredths of a percent.",
    ),
    setting(
        "vat.press",
        "210",
        "The rate of recognised online press in France, in hundredths of a percent.",
    ),
    setting("work.price_max", "1000.00", "The highest price a work may have."),
    setting("upload.max_bytes", "21474836480", "The largest file that can be uploaded, in bytes."),
    setting("upload.keep_hours", "48", "Hours for which an unfinished upload waits to be resumed."),
    setting(
        "rail.sandbox",
        "auto",
        "Whether tabs can be settled with fake money: on, off, or auto (only on localhost).",
    ),
    setting(
        "rail.transfer",
        "",
        "How to settle by bank transfer, as readers see it. Empty: not offered.",
    ),
    setting("rail.cash", "", "How to settle in cash, as readers see it. Empty: not offered."),
    setting(
        "rails.to_private",
        "false",
        "Whether rails may be at private addresses, and on this machine without TLS: for a wallet beside the shop, and for tests.",
    ),
    setting(
        "rails.certificates",
        "",
        "A file of certificates (PEM) that rails may be trusted by besides this machine's own.",
    ),
    secret(
        "stripe.secret",
        "The secret key of a Stripe account (sk_… or rk_…): cards and more can settle tabs. Empty: not offered.",
    ),
    setting("stripe.secret_file", "", "A file of mode 600 with that key, instead."),
    secret(
        "stripe.webhook_secret",
        "The signing secret of the webhook endpoint there (whsec_…). Empty: outcomes are asked for in time.",
    ),
    setting("stripe.webhook_secret_file", "", "A file of mode 600 with that secret, instead."),
    setting("stripe.base", "", "Where Stripe is, for tests; needs `rails.to_private`."),
    setting(
        "stripe.fee_basis_points",
        "150",
        "What Stripe keeps of a charge, in hundredths of a percent of it: cards of the European Economic Area.",
    ),
    setting("stripe.fee_fixed", "0.25", "What Stripe keeps of a charge besides."),
    setting(
        "paypal.client_id",
        "",
        "Who the shop is to PayPal: the client id of its application there. Empty: PayPal is off.",
    ),
    secret("paypal.secret", "The secret that belongs to the client id. It is never shown."),
    setting("paypal.secret_file", "", "The file that holds it, readable by its owner alone."),
    setting(
        "paypal.webhook_id",
        "",
        "PayPal's id for the shop's address of messages, /rails/paypal/webhook. Empty: messages are not believed, and PayPal is asked.",
    ),
    setting("paypal.place", "live", "Which PayPal: live, or sandbox, where money is not real."),
    setting(
        "paypal.fee_basis_points",
        "499",
        "What PayPal keeps of a charge, in hundredths of a percent: the default is for micropayments.",
    ),
    setting("paypal.fee_fixed", "0.09", "What PayPal keeps of a charge besides."),
    setting(
        "paypal.payouts",
        "false",
        "Whether authors can be sent their gains by PayPal, which must have allowed the shop's account to send payouts.",
    ),
    setting(
        "paypal.payout_fee_basis_points",
        "200",
        "What PayPal takes for a payout, in hundredths of a percent of it; the operator pays it.",
    ),
    setting("paypal.payout_fee_fixed", "0.00", "What PayPal takes for a payout besides."),
    setting(
        "paypal.payout_fee_most",
        "0.00",
        "The most that PayPal takes for a payout, which differs from country to country. 0: no end.",
    ),
    setting(
        "lightning.base",
        "",
        "Where the wallet for Lightning is, which speaks the API of LNbits, such as https://lnbits.example. Empty: not offered.",
    ),
    secret(
        "lightning.invoice_key",
        "The wallet's invoice key, which can ask for money and not send any. Never its admin key.",
    ),
    setting("lightning.invoice_key_file", "", "A file of mode 600 that holds the invoice key."),
    setting(
        "lightning.rate",
        "",
        "What one bitcoin costs in the shop's currency, if it is always the same. Empty: asked for.",
    ),
    setting(
        "lightning.rate_url",
        "",
        "Where the price of one bitcoin is asked for: an address that answers JSON. Empty: the wallet says it.",
    ),
    setting(
        "lightning.rate_pointer",
        "/price",
        "Where the price stands in that answer: a JSON pointer (RFC 6901).",
    ),
    setting(
        "lightning.network",
        "bitcoin",
        "Whose bitcoin it is: bitcoin, or without worth: testnet, signet, regtest, fake (a wallet that makes it all up).",
    ),
    setting(
        "lightning.fee_basis_points",
        "0",
        "What your wallet keeps of what comes, in hundredths of a percent.",
    ),
    setting("lightning.fee_fixed", "0.00", "What it keeps besides."),
    setting(
        "ecash.mints",
        "",
        "The Cashu mints whose e-cash is taken, such as https://mint.example, with commas between. Only those you would trust with \
         the money. Empty: not offered.",
    ),
    setting(
        "ecash.rate",
        "",
        "What one bitcoin costs in the shop's currency, if it is always the same. Empty: asked for.",
    ),
    setting(
        "ecash.rate_url",
        "",
        "Where the price of one bitcoin is asked for: an address that answers JSON. Empty: what holds for Lightning.",
    ),
    setting(
        "ecash.rate_pointer",
        "/price",
        "Where the price stands in that answer: a JSON pointer (RFC 6901).",
    ),
    setting(
        "ecash.is_fake",
        "false",
        "Whether the mints' money is worth nothing (FakeWallet, a network for tests): true or false.",
    ),
    setting(
        "phone.base",
        "",
        "Where the mobile operator’s (or an aggregator’s) CAMARA APIs are, such as https://api.operator.example. Empty: the phone bill is off.",
    ),
    setting(
        "phone.token_url",
        "",
        "Where its access tokens come from (OAuth 2.0, client credentials).",
    ),
    setting("phone.client_id", "", "Who the shop is to the operator: a client id."),
    secret("phone.secret", "The secret that belongs to the client id. It is never shown."),
    setting("phone.secret_file", "", "A file of mode 600 that holds it."),
    setting(
        "phone.scope",
        "carrier-billing:payments:create carrier-billing:payments:read carrier-billing:payments:write carrier-billing-refund:refunds:create carrier-billing-refund:refunds:read",
        "What a token has to allow, with spaces between.",
    ),
    setting(
        "phone.steps",
        "two",
        "two: subscribers prove that they agree, by a code or on the operator’s page. one: saying a number is all, because the operator makes sure by itself.",
    ),
    setting(
        "phone.country",
        "33",
        "The code of the country of numbers that are typed without one: digits.",
    ),
    setting("phone.merchant", "", "The shop’s name in the aggregator’s contract, if it has one."),
    setting("phone.sandbox", "false", "Whether the operator’s money is not real."),
    setting("phone.minimum", "0.20", "The smallest payment by phone bill."),
    setting(
        "phone.maximum",
        "50.00",
        "The largest: the law’s limit (CMF L. 521-3-1; directive (EU) 2015/2366, article 3 l), or your contract’s.",
    ),
    setting(
        "phone.monthly",
        "300.00",
        "What one number pays in a calendar month at most, by the same law.",
    ),
    setting(
        "phone.fee_basis_points",
        "4200",
        "What the operator keeps of a payment, in hundredths of a percent: your contract says it.",
    ),
    setting("phone.fee_fixed", "0.00", "What it keeps besides."),
    setting(
        "transfer.iban",
        "",
        "The account to which readers transfer money (IBAN): the page shows a code for their bank's program. Empty: not offered.",
    ),
    setting("transfer.name", "", "Who has that account, of 70 characters at most."),
    setting(
        "transfer.bic",
        "",
        "The BIC of its bank. It may be empty within the European Economic Area.",
    ),
    setting("transfer.minimum", "1.00", "The smallest transfer that is asked for."),
    setting(
        "voucher.most",
        "",
        "What one voucher may be printed for, 50.00 at most. Empty: no vouchers.",
    ),
    setting("voucher.days", "730", "Days for which a voucher can be used."),
    setting(
        "mail.server",
        "",
        "The server through which readers are written to: smtps://mail.example (TLS), or smtp://mail.example:587 (STARTTLS, always; in the clear only on this machine). Empty: off.",
    ),
    setting(
        "mail.from",
        "",
        "From whom letters are: an address that the server lets the shop use.",
    ),
    setting("mail.user", "", "Who the shop is to that server. Empty: it does not ask."),
    secret("mail.password", "The password that belongs to the user. It is never shown."),
    setting("mail.password_file", "", "A file of mode 600 that holds it, instead."),
    setting(
        "mail.plain",
        "false",
        "Whether letters may go to a server elsewhere in the clear: for a network of your own.",
    ),
    setting(
        "mail.certificates",
        "",
        "A file of certificates (PEM) that the server may be trusted by besides this machine's own.",
    ),
    setting(
        "s3.endpoint",
        "",
        "The address of the server that has the bucket, such as https://s3.example. Empty: Amazon's, for the region.",
    ),
    setting("s3.region", "us-east-1", "The region of the bucket, as its server calls it."),
    setting("s3.key_id", "", "Who the shop is to that server: the id of an access key."),
    setting("s3.secret", "", "The secret of that access key. It is never shown."),
    setting(
        "payout.minimum",
        "10.00",
        "What is available to an author when the desk's «everybody» and `pay-out --all` send it.",
    ),
    setting("rates.as_of", "2026-11-22", "The day on which the rates below were looked up."),
    setting(
        "rates.source",
        "Stripe, PayPal",
        "Whose public price lists the rates below are from: cards of the European Economic Area, and micropayments.",
    ),
    setting(
        "rates.card_basis_points",
        "150",
        "What a card charge costs, in hundredths of a percent of it.",
    ),
    setting("rates.card_fixed", "0.25", "What a card charge costs besides."),
    setting(
        "rates.paypal_basis_points",
        "499",
        "What a PayPal micropayment costs, in hundredths of a percent of it.",
    ),
    setting("rates.paypal_fixed", "0.09", "What a PayPal micropayment costs besides."),
    setting("rates.tab_total", "5.00", "The size of the tab for which «you keep» is shown."),
    setting(
        "webhook.private_addresses",
        "false",
        "Whether webhooks may lead to private addresses of this network.",
    ),
    setting(
        "webhook.timeout_seconds",
        "20",
        "Seconds for which a webhook may let the shop wait for its answer.",
    ),
];
