# Words of the screens, in English. One word for one thing: see GLOSSARY.md.
# No-break spaces stand between a number and its unit.

## Everywhere

skip = Skip to the content
og-locale = en_GB
nav-author = Selling
nav-foot = Yours
nav-gains = Gains
nav-works = Works
nav-sell = Sell a work
nav-sell-short = Sell
nav-keys = Keys
nav-desk = Desk
nav-operator = Operator
nav-tab = My tab
nav-library = My library
nav-withdrawal = Withdrawal
meter = { $count ->
    [one] Your tab: { $count } line,
   *[other] Your tab: { $count } lines,
}
see-price = See its price
see-works = See what is on sale
more-works = Show more works
more-lines = Show older lines
open = Open
undo = Undo
receipt = Receipt
receipts = Download all receipts (JSON)
receipt-file = receipt
receipts-file = receipts
amount = Amount
reference = Reference

## Time and size

month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
ago-now = just now
ago-minutes = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] { $count } hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [1] yesterday
   *[other] { $count } days ago
}
size-bytes = { $count ->
    [one] { $count } byte
   *[other] { $count } bytes
}

## Notices

notice-undone = “{ $title }” is off your tab. You owe { $amount } less.
notice-missing = A file of “{ $title }” is missing, so we undid your line. You owe { $amount } less; nothing was charged. The seller has been told.
notice-saved = Saved.
notice-published = Published. Your link works from now on.
notice-unpublished = No longer on sale. Everyone who has it keeps it.
notice-price-changed = The price changed since you opened this page. Nothing was charged; the button shows the new price.
notice-resting = Nothing can be bought for the moment: this is what was last on the shelves. Try again in a moment.

## A work

kind-article = Article · { $minutes } min
kind-image = Picture
kind-audio = Audio
kind-video = Video
kind-files = { $count ->
    [one] { $count } file
   *[other] { $count } files
}
price-from = from { $amount }
price-choose = your price
price-free = free
by = by { $author }
words-left = { $count ->
    [one] { $count } word follows.
   *[other] { $count } words follow.
}
preview-of = Preview of “{ $title }”
sample = { $count ->
    [one] Listen to the first second
   *[other] Listen to the first { $count } seconds
}
files = { $count ->
    [one] What you get: { $count } file
   *[other] What you get: { $count } files
}
buy = Pay { $amount }
buy-free = Take it, it’s free
buy-under = On your tab: nothing to pay today. Undo in one tap for { $minutes } minutes.
buy-seller = All taxes included, sold by { $seller }.
buy-waiver = You ask for access now and give up the 14-day right of withdrawal.
buy-rights = Your rights
free-under = No account, nothing to pay.
free-seller = Given by { $seller }.
choose = Your price
choose-own = Another amount, { $amount } or more
pay-typed = Pay this amount
open-under = It’s in your library. Opening it is free.
settle-to-go-on = Settle your tab ({ $amount }) to go on
settle-under = Your tab has no room left for this work ({ $price }). Nothing was charged; the work waits for you here.
unpublished = Not on sale
unpublished-under = Its author took it off the shelves. Who has it keeps it in their library.
resting = Buying is not possible for the moment
resting-under = { $price } · the page as it was last seen. Nothing is charged; try again in a moment.
draft-under = Not published yet: only you can see this page.
work-own = This is your work, as readers see it.
work-manage = Manage it
on-tab = On your tab: { $amount }
undo-left = { $count ->
    [0] less than a minute left
    [one] { $count } min left
   *[other] { $count } min left
}
undo-over = The time to undo is over.
paid = Paid: { $amount }
given = A gift: nothing to pay.
downloads = Your files
zip = Everything as one ZIP
embed-open = Get it · { $price }
new-tab = (opens a new tab)

## The shop

front-empty = Nothing on the shelves yet. The first work appears here as soon as its author publishes it.

## The tab

tab-title = Your tab
tab-left = { $left } left to spend, of { $limit }.
tab-when = To settle by { $day }, or as soon as it reaches { $amount }. No interest, no late fee, ever.
tab-nothing = Nothing to settle. No card, no account needed.
tab-closed = The tab takes nothing new until it is settled. What you have stays yours.
tab-written-off = The tab was not settled in time: its seller does not count on these lines any more, and it takes nothing new until they are paid. What you have stays yours.
tab-disputed = A payment of this tab is disputed with the bank: nothing new is put on it until the bank has decided. What you have stays yours.
tab-closed-for-good = This tab is closed: a payment of it was taken back through the bank, and only the seller can open it again. What you have stays yours.
tab-reopened = The shop opened this tab again on { $day }.
tab-credit = Credit: { $amount }. It pays your next lines.
tab-empty = Your tab is clean. Tap a price to read, listen or download at once: it is written here, and you settle later, in one go.
tab-lines = Lines, newest first
settle-now = Settle now
line-open = on the tab
line-billed = being settled
line-paid = paid
line-refunded = undone
line-written-off = written off
line-free = a gift

## Settling

settle-title = Settle your tab
settle-lines = { $count ->
    [one] { $count } line, in one go
   *[other] { $count } lines, in one go
}
settle-ask = This shop has not said yet how it takes money. Nothing is due until it has; the seller’s address is on the withdrawal page.
rail-sandbox = Sandbox
rail-sandbox-about = A way to try the shop. No real money moves.
rail-paypal = PayPal
rail-lightning = Bitcoin (Lightning)
rail-ecash = E-cash (Cashu)
pay-fake = Pay { $amount } (fake money)
rail-stripe = Card, Google Pay, Apple Pay
stripe-item = Your tab at { $shop }
rail-phone = Mobile phone bill
phone-item = Your tab at { $shop }
phone-number = Your mobile number. The amount goes on its bill; we do not keep the number.
phone-number-wrong = That is no telephone number. Type it like 06 12 34 56 78 or, from another country, like +34 671 999 000.
phone-number-again = The operator’s answer was lost on the way, and nothing was charged. Your number once more, please.
phone-code = The code that your operator has just sent you by text message. With it you agree to pay.
phone-code-wrong = That is another code than the one that was sent. Nothing was charged; try once more.
phone-turn-back = Turn back, without paying
rail-transfer = Bank transfer
rail-transfer-about = Write the reference with the transfer. The lines turn to “paid” when it has arrived, usually within two days.
rail-cash = Cash
back-to-tab = Back to the tab, without paying
settle-pay = Pay { $amount }
settle-from = From { $minimum } on.
settle-to = Up to { $maximum }.
settle-bind = From now on, charge my tab this way when it is due. I can end this at any time.
bound-title = Charged when your tab is due
bound-most = At most { $most } at a time.
bound-end = End this
back-to-settle = Choose another way
charge-title = Your payment
charge-look = See how it stands
back-to-charge = Back to the payment
awaited = { $rail }: we are waiting for { $amount }
awaited-under-way = { $rail }: { $amount } under way
charge-follow = Go on and pay { $amount }
charge-waits = Waiting for your payment.
charge-notices = This page notices it by itself.
charge-scan = Scan the code with your wallet, or use it on this device:
charge-open = Open my wallet
charge-code = Payment code
charge-under-way = Your payment is under way: your bank carries it out within a few days. Nothing else is charged meanwhile; the lines turn to “paid” by themselves.
charge-doubt = The answer to your payment was lost on the way, and we are asking what became of it. Nothing is charged twice: wait a few minutes, seldom longer.
charge-copy = Scan the code with your bank’s app, or copy the transfer:
charge-copy-about = Copy the reference exactly: by it we know that the transfer is yours. It usually arrives on the next working day. You may close this page; your tab shows when it has come.
fact-name = Name
fact-iban = IBAN
fact-bic = BIC
fact-reference = Reference
charge-send = Go on
charge-again = Settle your tab
charge-refused = What arrived is not what was asked for. Nothing was taken off your tab, and the seller has been told; you need not pay again.
declined-funds = There is not enough money behind this way of paying. Nothing was charged; try another one.
declined-refused = The payment was refused, and we were not told why. Nothing was charged; try again, or another way.
declined-means = This card, account or number is not valid any more. Nothing was charged; try another one.
declined-proof = The payment was not confirmed by you. Nothing was charged; you can start again.
declined-too-much = This is more than this way of paying allows. Nothing was charged; try another one.
declined-month = This number has paid by phone bill as much as it may in one month. Nothing was charged; try another way, or settle next month.
declined-cancelled = You turned back. Nothing was charged.
declined-late = The time to pay has passed. Nothing was charged; you can start again.
declined-replaced = You asked for another amount since. Should you have transferred this one already, it counts all the same.
declined-unbound = Your consent to be charged this way does not hold any more. Nothing was charged; settle once yourself to give it again.
declined-spent = This e-cash was spent before, and is worth nothing any more. Nothing was charged; start again with another token, or choose another way.
declined-unreached = This way of paying cannot be reached right now. Nothing was charged; try again in a moment, or another way.
declined-unserved = This way of paying does not work for this shop or your country. Nothing was charged; try another one.
ecash-ask = Pay { $sats } sat from your Cashu wallet: scan the code, or make a token of that amount there and paste it below. E-cash of these mints is taken: { $mints }. What is too much comes back to you.
ecash-token = Token (it begins with cashu)
ecash-change = Your change is { $sats } sat. Paste this token into your wallet now: whoever redeems it first has the money.
ecash-unreadable = This is not a whole token. It begins with cashuA or cashuB; copy all of it. Nothing was done with it.
ecash-many = This token is in too many pieces. Make one of exactly the amount in your wallet; nothing was done with this one.
ecash-many-mints = This token holds e-cash of several mints. Paste one of a single mint; nothing was done with this one.
ecash-locked = This e-cash is locked, so the shop cannot redeem it. Make a token without a lock; nothing was done with this one.
ecash-elsewhere = The shop only takes e-cash of these mints: { $mints }. Nothing was done with your token: it is still yours.
ecash-unit = This token is not in sat. Nothing was done with it: it is still yours.
ecash-unknown = The mint does not know the keys of this token. Look in your wallet whether it is genuine; nothing was done with it.
ecash-another = Another token is being taken for this payment. Nothing was done with this one: it is still yours.
ecash-late = The time to pay has passed. Nothing was done with your token: settle again, for the amount of today.
ecash-too-little = This token is worth { $given } sat, and { $wanted } sat are needed. Nothing was done with it: make one of the whole amount.
ecash-unreached = The mint cannot be reached right now. Nothing was done with your token: try again in a moment.
ecash-hint = What came in e-cash stays in the shop until you take it out. On the server: ardoise ecash export

settled-title = Settled, thank you
settled-lines = { $count ->
    [one] { $count } line paid on { $when }.
   *[other] { $count } lines paid on { $when }.
}
settled-fake = This was fake money: a trial, no real payment.
settled-clean = Your tab is clean.
settled-change = Your change
settled-left = { $amount } remains on your tab.

## Binding a way to pay

invite-limit = Add a way to pay: your tab may hold { $limit } instead of { $now }, and settles itself.
invite-same = Add a way to pay: your tab settles itself.
invite-how = See how it works
invite-no = No, thanks
bind-title = Let your tab settle itself
bind-limit = Your tab may hold { $limit } instead of { $now }.
bind-nothing = When it is due, nothing is left for you to do.
bind-told = { $count ->
    [0] One tap ends it.
    [one] You are told the day before; one tap ends it.
   *[other] You are told { $count } days before; one tap ends it.
}
bind-agreed = What you agree to
bind-agree = I agree that { $shop } charges this way of paying when my tab reaches { $at }, or when its oldest line is { $due } days old: what is on the tab then, never more than { $most } at a time. { $days ->
    [0] I can end this at any time, with one tap.
    [one] I am told the day before, and can end this at any time, with one tap.
   *[other] I am told { $days } days before, and can end this at any time, with one tap.
}
bind-today = Nothing is charged today.
bind-go = Agree and go on
bind-none = Nothing can be bound here: settle your tab yourself, whenever you like.
bind-back = Not now
bind-instead = Or let your tab settle itself
bind-to-go-on = Or add a way to pay: up to { $limit }
binding-title = Adding a way to pay
binding-waits = Waiting for you to agree. This page notices it by itself.
binding-doubt = The answer was lost on the way, and we are asking whether you agreed. Nothing is charged: wait a few minutes, seldom longer.
binding-again = Choose again
notice-bound = From now on your tab settles itself. Nothing was charged.
tab-charged = It settles itself on { $day }, or as soon as it reaches { $amount }. No interest, no late fee, ever.
failed-title = { $rail }: not charged on { $day }
failed-again = We will try once more later. You can also settle your tab yourself now.
failed-by-hand = It is not tried again without you: settle your tab yourself, the same way or another.
away-proof = Your bank wanted you to confirm the payment yourself, and you were not here. Nothing was charged.

## The library

library-title = Your library
library-lead = Yours to open again whenever you like.
library-empty = Nothing here yet. Whatever you take stays here, to be opened again whenever you like.

## When something goes wrong

fate-nothing-charged = Nothing was charged.
fate-line-undone = The line was undone: you owe nothing for it.
fate-tab-unchanged = The tab is as it was.
fate-being-checked = We are asking whether the payment went through. You will not pay twice; don’t try again for now.
missing-title = This page does not exist
missing-detail = The link may be mistyped or old. A work you bought is still in your library.
request = request { $id }

## Withdrawal

withdrawal-title = Withdrawal and refunds
withdrawal-undo-title = Undo it yourself
withdrawal-undo = For { $minutes } minutes after each purchase, “Undo” on your tab takes it back, without a question. The amount leaves your tab and the work leaves your library.
withdrawal-undo-link = Go to my tab
withdrawal-right-title = Your right of withdrawal
withdrawal-right = In the European Union, you may withdraw from a distance purchase within 14 days without giving a reason.
withdrawal-waiver = For digital content this right ends when access begins, if you asked for immediate access and accepted that it ends: the sentence under the button says so. If we forgot to ask, or something does not work as described, the law is on your side and you owe nothing for it.
withdrawal-how-title = How to withdraw
withdrawal-how = Write to the seller with the line’s date and title, or attach its receipt from your library. You need no account, and this text is enough:
withdrawal-form = I withdraw from my purchase of (title), made on (date).
withdrawal-subject = Withdrawal from a purchase
withdrawal-write = Write to { $email }
withdrawal-answer = You get an acknowledgement in writing. An unpaid line is taken off your tab; a paid one is paid back the way you paid, within 14 days.
withdrawal-seller = The seller

## Charts

chart-table = See the numbers

## Selling

invite-title = Sell at { $shop }
invite-lead = You are invited to sell your works here. One name is all it takes.
invite-name = The name readers will see
invite-hint = A person, a band, a newspaper. You can change it later.
invite-accept = Start selling
form-wrong = Nothing is lost: look at the fields marked below, then send again.
field-title = Title
field-article = Or write an article
field-article-label = The article, in Markdown
field-article-hint = Markdown. Readers see the first 30 % (at least 150 words) before they pay.
field-price = Price
pricing-fixed = Fixed
pricing-choose = Reader’s choice
pricing-free = Free
field-amount = Price in { $currency }, taxes included
field-minimum = At least ({ $currency })
field-suggestion = Suggested ({ $currency })
field-price-hint = From 0.01. Like 0.20: readers pay by the tab, so cents are worth it.
field-more = Description, cover and tax
field-description = Description, in Markdown
field-cover = Cover (JPEG, PNG or WebP)
field-cover-hint = Shown in lists and wherever the link is posted.
cover-remove = Take this cover away
field-tax = Tax rate
field-tax-hint = It is part of the price. When in doubt, leave the standard rate.
tax-standard = Standard rate, { $rate }
tax-reduced = Reduced rate, { $rate }: books
tax-press = Press rate, { $rate }: recognised online press
sell-files = Choose files, or drop them here
sell-files-hint = Text, pictures, sound, film, anything. Up to { $size } each.
upload-waiting = sending…
upload-done = received
upload-failed = failed; choose the file again
publish = Publish
keep-draft = Keep for later
save = Save
remove = Remove
keep-title = What you keep of
keep-way = How it is paid
keep-keeps = You keep
keep-card = Alone, by card
keep-paypal = Alone, by PayPal micropayment
keep-tab = On a tab settled at { $amount }
keep-hint = Before tax and the shop’s share.
keep-source = Rates of { $day }: { $source }.
keep-count = Work it out for this price
share-title = Share your work
share-link = The short link
share-see = See it as a reader
share-post = Post it
share-hint = Each link names its network, so your gains show where readers come from.
share-print = Print it
share-qr = QR code of { $url }
share-embed = Put it on a page
share-card = A card (stays a plain link without JavaScript)
share-frame = Or a frame
copy = Copy
copied = Copied
works-title = Your works
works-empty = Nothing for sale yet. A title, a file and a price make a link in a minute.
kept = { $count ->
    [one] { $count } kept
   *[other] { $count } kept
}
visits = { $count ->
    [one] { $count } visit
   *[other] { $count } visits
}
taps = { $count ->
    [one] { $count } tap
   *[other] { $count } taps
}
undone = { $count ->
    [one] { $count } undone
   *[other] { $count } undone
}
for-you = { $amount } for you
manage-title = Change it
on-sale = On sale
draft = Draft: only you can see it
manage-see = See as a reader
manage-share = Share
manage-add = Add files
manage-files = Files
replace-with = Replace with a new version
replace = Replace
replace-hint = Everyone who has the work gets the new version.
manage-links = Links
manage-sale = On the shelves
unpublish = Take off sale
unpublish-hint = The link stays and says so. Everyone who has the work keeps it.
channel-plain = plain link
channel-new = A link for a channel
channel-hint = Small letters, digits and hyphens: newsletter, poster-2.
channel-make = Make the link

## Gains

gains-title = Your gains
gains-live = Live
gains-today = today
gains-week = 7 days
gains-bought = of visits buy
gains-undone = undone
gains-period = Period
period-today = Today
period-week = 7 days
period-month = 30 days
period-all = All

gains-pending = pending
gains-available = available
gains-paid-out = paid out
gains-pending-hint = Pending is on readers’ tabs; it becomes available when they settle. Shown to the cent; the CSV has every millionth.
gains-empty = No gains yet. Put a work on sale and share its link: each tap shows here at once.
gains-rail-fees = Kept by cards, PayPal and other ways to pay, when readers settled:
gains-payouts = Paid out to you
gains-under-way = on the way
gains-address = Where your gains are sent
gains-address-hint = The operator can send them there. Only they and you see the address.
gains-address-off = The shop does not pay this way at present.
gains-address-email = { $rail }: the e-mail address of your account
gains-address-keep = Save
gains-address-remove = Remove
payout-under-way = On its way.
payout-unclaimed = Waits to be claimed: an account with this address is needed there. After 30 days it comes back.
payout-review = The provider is looking at it.
payout-back-late = Came back: nobody claimed it in time.
payout-back-means = Came back: the address has no account that can receive it.
payout-back-funds = Not sent: the shop’s account held too little.
payout-back-cancelled = Came back: it was not accepted.
payout-back-unserved = Not sent: that account’s country or currency is not served.
payout-back-too-much = Not sent: it is more than the account may receive.
payout-back-refused = Not sent: the provider refused it and does not say why.
gains-works = By work
gains-channels = By channel
gains-csv = Download as CSV
gains-chart = Gains, { $period }
col-hour = Hour
col-day = Day
col-month = Month
col-net = For you

## Keys

keys-title = Keys and webhooks
keys-lead = For programs that sell and count for you.
keys-fresh = Copy it now: it is shown this once.
keys-secret = The secret
keys-api = API keys
keys-none = No key yet.
keys-name = What is the key for?
keys-make = Make a key
made = made { $when }
used = used { $when }
never-used = never used
revoke = Revoke
webhooks = Webhooks
webhooks-none = No webhook yet.
webhooks-url = Where shall we post sales and undos?
webhooks-make = Add it
webhook-failing = failing: { $word }
webhook-fine = delivered { $when }

## The desk

desk-title = The desk
desk-books = The books
books-balanced = Balanced
books-broken = They do not balance. Keep a copy of the data folder, and find out why before paying anybody
books-checked = { $count ->
    [one] { $count } transfer, checked { $when }
   *[other] { $count } transfers, checked { $when }
}
books-unchecked = Not checked yet.
books-check = Check now
desk-tabs = Tabs that owe
desk-no-tabs = Nobody owes anything.
desk-more = Show more tabs
desk-tab = { $count ->
    [one] { $count } line, bought { $when }
   *[other] { $count } lines, the oldest bought { $when }
}
desk-closed = closed to new lines
desk-written-off = written off
desk-disputed = payment disputed
desk-nothing-owed = nothing owed
desk-received = Amount received, and how
desk-rails = What ways of paying cost
desk-rails-hint = What each keeps of a tab of this size. Readers see the cheapest first, by name only.
desk-rail-as-of = { $source }, { $day }
desk-rail-own = by your settings
desk-troubling = Payments at which you have to look
desk-troubling-hint = What came is not what was asked for, so it is not in the books; or nobody knows what became of it. See the provider’s own page; then record what really came, or send it back.
desk-doubt = Nobody knows what became of it: the provider does not answer. It is asked every hour, and nothing else is charged to the tab.
desk-seen = I have looked at it
desk-credited = Tabs with credit
desk-find = A tab, by its reference
desk-find-go = Show its payments
desk-tab-title = Payments of a tab
desk-tab-back = Back to the payments of the tab
desk-tab-owed = It owes
desk-tab-credit = Its credit
desk-tab-borne = Borne by you
desk-tab-borne-hint = It went back at the provider’s own page, and this tab had no credit for it. Do not take lines back for it: their reader would have the money twice.
desk-tab-lost = A dispute of a payment was lost, which closed this tab. Its reader can buy on it again only if you open it.
desk-tab-reopen = Open it again
desk-brought = What came
desk-brought-hint = Credit goes back by the way it came, at most what is left of that payment.
desk-brought-none = Nothing came for this tab yet.
desk-by-hand-only = cannot be sent back from here
desk-back = Give back, at most { $most }
desk-back-rail = Give it back
desk-back-hand = I have sent it myself
desk-back-note = A note about what you have sent
desk-lines = Lines
desk-lines-hint = A line that is taken back costs nothing any more. What was paid for it becomes credit, which first pays what waits on the tab.
desk-line-send = Send what it cost back at once
desk-line-back = Take it back
desk-refunds = What went back
desk-returning = Refunds at which you have to look
desk-returning-hint = The way of paying does not say what became of them, or has not carried them out. See the provider’s own page.
desk-returning-doubt = Nobody knows yet whether it was sent. It is asked every hour; the credit stays away meanwhile, so that nothing is sent twice.
refund-begun = on its way
refund-done = sent
refund-failed = could not be sent: it is credit again
refund-by-hand = sent by hand
refund-elsewhere = sent at the provider’s own page
desk-elsewhere = Sent back at the provider’s own page
desk-elsewhere-hint = The shop did not send this. It was taken from the credit of the tab; what the credit did not reach is borne by you. Readers keep what they have.
desk-elsewhere-borne = borne by you: { $amount }
rail-manual = Bank transfer or cash
tab-give-back = Give me back { $amount } ({ $rail })
tab-refunds = Given back
desk-authors = Authors
desk-fresh = Send this link to the author. It works once and is shown this once.
desk-link = Invitation link
desk-invited = invited, not here yet
desk-works = { $count ->
    [one] { $count } work on sale
   *[other] { $count } works on sale
}
desk-available = { $amount } to pay out
desk-paid = Amount you have sent to the author
desk-pay = Note the payout
desk-pay-amount = Amount for the author
desk-pay-by = Send by { $rail }
desk-pay-fee = { $rail } takes { $amount } more
desk-pay-no-address = has not said where gains are sent
desk-payouts = Payouts
desk-payouts-hint = On their way, or come back: what came back is available to the author again.
desk-payout-doubt = Nobody knows yet whether it was sent. It is asked about again, and nothing is sent twice.
desk-pay-all = { $count ->
    [one] Send one author { $amount } by { $rail }
   *[other] Send { $count } authors { $amount } in all by { $rail }
 }
desk-pay-all-hint = Everybody who has given an address and has at least { $amount }.
desk-invite-name = Invite an author
desk-invite = Make the link
sign-in-title = Sign in to { $shop }
sign-in-lead = This link works once. The button signs this browser in.
sign-in = Sign in
sign-in-over = This link has been used or is too old
sign-in-again = Ask for a new one: “ardoise invite operator” on the server prints it, or whoever invited you can make another.

## The bank

bank-title = Bank statements
bank-lead = Bring a statement of the account { $iban }. Transfers with the reference of a payment go to their tabs; the others wait here.
bank-off = Transfers are off: set transfer.iban and transfer.name. How to settle by transfer can be written into rail.transfer meanwhile.
bank-file = Statement
bank-file-hint = CAMT.053 (XML) or CSV. You see what was understood before anything is taken in; the same statement twice changes nothing.
bank-look = Look it over
bank-back = Back to the statements
bank-placed = { $count ->
    [0] No credit went to a tab.
    [one] One credit went to its tab.
   *[other] { $count } credits went to their tabs.
}
bank-left = { $count ->
    [0] Nothing was left open.
    [one] One waits for you.
   *[other] { $count } wait for you.
}
bank-known = { $count ->
    [0] { "" }
    [one] One was known already.
   *[other] { $count } were known already.
}
bank-waiting = Credits that wait for you
bank-waiting-hint = Put each on the tab that it is meant for, or aside if it has nothing to do with the shop.
bank-none = None.
bank-tab = Tab
bank-put = Put on the tab
bank-aside = Put aside
bank-put-aside = Put aside
bank-back-again = Take up again
statement-title = What was understood
statement-day = Column with the day
statement-amount = Column with the amount
statement-again = Look again
statement-take = Take it in
statement-leave = Leave it
statement-pays = Goes to its tab
statement-unmatched = Names no payment; will wait for you
statement-several = Names several payments; will wait for you
statement-alike = One of this day and amount came with another kind of statement; will wait for you
statement-known = Known already
statement-more = { $count ->
    [one] One more is not shown.
   *[other] { $count } more are not shown.
}
statement-count-pays = { $count ->
    [one] One credit goes to its tab
   *[other] { $count } credits go to their tabs
}
statement-count-unmatched = { $count ->
    [one] One names no payment and will wait for you
   *[other] { $count } name no payment and will wait for you
}
statement-count-unclear = { $count ->
    [one] One is unclear and will wait for you
   *[other] { $count } are unclear and will wait for you
}
statement-count-known = { $count ->
    [one] One is known already
   *[other] { $count } are known already
}
statement-count-debits = { $count ->
    [one] One debit is left out
   *[other] { $count } debits are left out
}
statement-count-not-booked = { $count ->
    [one] One booking is not final and is left out
   *[other] { $count } bookings are not final and are left out
}
statement-count-currency = { $count ->
    [one] One credit in another currency is left out
   *[other] { $count } credits in another currency are left out
}
statement-count-account = { $count ->
    [one] One booking of another account is left out
   *[other] { $count } bookings of another account are left out
}
statement-count-no-booking = { $count ->
    [one] One row without a day or a credit is left out
   *[other] { $count } rows without a day or a credit are left out
}

## Vouchers

rail-voucher = Voucher
vouchers-title = Vouchers
vouchers-lead = Print cards with a code: whoever holds one settles with it.
vouchers-off = There are no vouchers in this shop: set voucher.most to what one may be printed for, 50.00 at most.
vouchers-count = How many
vouchers-amount = What each is for
vouchers-most = { $most } at most. The codes are shown once, on the page to print.
vouchers-print = Make the page to print
vouchers-list = Printed so far
vouchers-outstanding = All together still pay { $amount }.
vouchers-none = None.
vouchers-left = { $amount } left, until { $day }
vouchers-void = Void
vouchers-more = Show older vouchers
vouchers-back = Back to the vouchers
vouchers-once = Print this page now: the codes are shown this once. Cut along the lines, and keep the cards like cash.
voucher-state-fresh = not used yet
voucher-state-begun = partly used
voucher-state-used = used up
voucher-state-ended = ended
voucher-state-void = void
voucher-title = Your voucher
voucher-how = To settle your tab: scan the code, or type it where you settle.
voucher-until = Until { $day }
voucher-owed = Your tab owes { $amount }.
voucher-rest = What is left stays on the voucher, for the next time.
voucher-nothing-owed = You owe nothing. The voucher keeps what it holds; come back with it to settle.
voucher-ask = The code on your voucher
voucher-mistyped = This code is mistyped. Compare it with your voucher, character by character.
voucher-unknown = This voucher is not known here. Compare its code.
voucher-void = This voucher was taken back by the shop.
voucher-ended = The time has passed in which this voucher could be used.
voucher-used-up = Nothing is left on this voucher.
voucher-off = This shop takes no vouchers any more.
