
## What readers are told about their tab

notices-title = News of your tab
notice-dismiss = Put away
notice-receipt = You paid { $amount }
notice-charged = Your tab was charged { $amount }
notice-receipt-lines = { $count ->
    [0] No whole line is paid by it yet: it is credit of your tab.
    [one] { $count } line is paid.
   *[other] { $count } lines are paid.
}
notice-receipt-fee = The way of paying keeps { $fee } of it; you pay nothing on top.
notice-reminder = Your tab is due on { $day }
notice-due = Your tab is due
notice-reminder-body = You owe { $amount } for { $count ->
    [one] { $count } line
   *[other] { $count } lines
}. Settle it in one go: no interest, no late fee, ever. What you have stays yours.
notice-announced = { $amount } will be charged on { $day }
notice-announced-body = That is what is on your tab now; with what you take until then, { $rest } at most. It is charged by { $by }, as you agreed: you need not do anything.
notice-announced-object = If you do not want this, object: nothing is charged then, and you settle by hand.
notice-object = Object
notice-declined = { $amount } could not be charged
notice-declined-next = It is tried again on { $day }; until then you can settle yourself.
notice-declined-last = It is not tried again: please settle yourself.
notice-proof = Please confirm { $amount }
notice-proof-body = Your bank wants this payment to be confirmed by you. Nothing was charged; settling it yourself takes a minute.
notice-objected = You are not charged any more
notice-objected-body = You objected, and your consent is ended. What is on your tab ({ $amount }) stays there: settle it by { $day }, as you like.
notice-closed = Your tab was not settled in time
notice-closed-body = The seller does not count on { $amount } any more, and your tab takes nothing new until that is paid. What you have stays yours.
notice-disputed = Your tab is closed
notice-disputed-body = A payment of it was taken back through the bank, and { $amount } with it. What you have stays yours.
notice-refunded = { $amount } went back to you
notice-refunded-body = It comes back the way you paid. A bank may take some days to show it.

## Letters

mail-field = Your e-mail address
mail-settle = Receipt by e-mail, if you like
mail-hint = Receipts, and what concerns this tab: two days before it is charged or due. Nothing else, and one click ends it.
mail-from-rail = Send the receipt to the address that this way of paying knows
mail-known = Receipts go to { $address }.
mail-awaited = Receipts will go to the address that your way of paying tells us.
mail-title = Receipts and notices by e-mail
mail-keep = Write to me there
mail-remove = Write to me no more
mail-why = You get this because this address was given for a tab at { $shop }. Your tab itself opens only on the device that has it.
mail-stop = Receive no more of these
mail-pay = Settle { $amount }
mail-object = Object to this charge
mail-test = A test
mail-test-body = If you read this, the letters of { $shop } arrive.
object-title = Object to being charged
object-lead = Press the button, and your tab is not charged any more, neither now nor later.
object-stays = What is on it stays: you owe { $amount }, and settle it yourself.
object-button = Object: charge nothing
object-done = Nothing will be charged
object-over = Nothing is bound to this tab: it is not charged without you.
stop-title = No more letters
stop-lead = Press the button, and nothing more is sent to your address about this tab; the shop forgets it.
stop-page = What there is to tell then stands on the page of your tab alone.
stop-button = Send me nothing more
stop-done = Nothing more will be sent
pay-lead = You are settling a tab from a letter. Nothing else of the tab is shown here.
desk-letters = Letters that nobody takes
desk-letters-hint = They were tried, and are not sent any more. The word says why: a status of the server, or what went wrong before. Their readers find the same on the page of their tab.
