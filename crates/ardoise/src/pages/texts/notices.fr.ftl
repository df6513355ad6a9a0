
## Ce que les lecteurs apprennent de leur ardoise

notices-title = Du nouveau sur votre ardoise
notice-dismiss = Ranger
notice-receipt = Vous avez réglé { $amount }
notice-charged = Votre ardoise a été débitée de { $amount }
notice-receipt-lines = { $count ->
    [0] Aucune ligne entière n’est encore réglée : la somme est un avoir sur votre ardoise.
    [one] { $count } ligne est réglée.
   *[other] { $count } lignes sont réglées.
}
notice-receipt-fee = Le moyen de paiement en garde { $fee } ; vous ne payez rien en plus.
notice-reminder = Votre ardoise arrive à échéance le { $day }
notice-due = Votre ardoise est à échéance
notice-reminder-body = Vous devez { $amount } pour { $count ->
    [one] { $count } ligne
   *[other] { $count } lignes
}. Réglez en une fois : jamais d’intérêts ni de frais de retard. Ce que vous avez reste à vous.
notice-announced = Votre ardoise sera débitée de { $amount } le { $day }
notice-announced-body = C’est ce que porte votre ardoise aujourd’hui ; avec ce que vous prendrez d’ici là, { $rest } au plus. Le débit passe par { $by }, comme convenu : vous n’avez rien à faire.
notice-announced-object = Si vous ne le voulez pas, opposez-vous : rien ne sera débité, et vous réglerez vous-même.
notice-object = S’opposer
notice-declined = Le débit de { $amount } n’a pas abouti
notice-declined-next = Nouvel essai le { $day } ; d’ici là, vous pouvez régler vous-même.
notice-declined-last = Il n’y aura pas d’autre essai : merci de régler vous-même.
notice-proof = Merci de confirmer { $amount }
notice-proof-body = Votre banque veut que vous confirmiez ce paiement. Rien n’a été débité ; le régler vous-même prend une minute.
notice-objected = Plus rien ne sera débité
notice-objected-body = Vous avez fait opposition, et votre accord a pris fin. Ce que porte votre ardoise ({ $amount }) y reste : réglez-le avant le { $day }, comme il vous plaît.
notice-closed = Votre ardoise n’a pas été réglée à temps
notice-closed-body = Le vendeur ne compte plus sur { $amount }, et votre ardoise n’accepte plus rien tant que cette somme n’est pas réglée. Ce que vous avez reste à vous.
notice-disputed = Votre ardoise est fermée
notice-disputed-body = Un de ses règlements a été repris par la banque, soit { $amount }. Ce que vous avez reste à vous.
notice-refunded = Remboursement de { $amount }
notice-refunded-body = La somme revient par le moyen que vous aviez choisi. Une banque met parfois quelques jours à l’afficher.

## Lettres

mail-field = Votre adresse e-mail
mail-settle = Reçu par e-mail, si vous voulez
mail-hint = Les reçus, et ce qui touche cette ardoise : deux jours avant un débit ou l’échéance. Rien d’autre, et un clic y met fin.
mail-from-rail = Envoyer le reçu à l’adresse que connaît ce moyen de paiement
mail-known = Les reçus vont à { $address }.
mail-awaited = Les reçus iront à l’adresse que nous dira votre moyen de paiement.
mail-title = Reçus et annonces par e-mail
mail-keep = M’écrire à cette adresse
mail-remove = Ne plus m’écrire
mail-why = Vous recevez ceci parce que cette adresse a été donnée pour une ardoise chez { $shop }. L’ardoise elle-même ne s’ouvre que sur l’appareil qui la porte.
mail-stop = Ne plus rien recevoir
mail-pay = Régler { $amount }
mail-object = S’opposer à ce débit
mail-test = Un essai
mail-test-body = Si vous lisez ceci, les lettres de { $shop } arrivent.
object-title = S’opposer au débit
object-lead = Appuyez sur le bouton, et votre ardoise n’est plus débitée, ni maintenant ni plus tard.
object-stays = Ce qu’elle porte y reste : vous devez { $amount }, que vous réglez vous-même.
object-button = S’opposer : ne rien débiter
object-done = Rien ne sera débité
object-over = Aucun accord n’est lié à cette ardoise : elle n’est pas débitée sans vous.
stop-title = Plus de lettres
stop-lead = Appuyez sur le bouton, et plus rien n’est envoyé à votre adresse au sujet de cette ardoise ; la boutique l’oublie.
stop-page = Ce qu’il y aura à dire ne sera plus que sur la page de votre ardoise.
stop-button = Ne plus rien m’envoyer
stop-done = Plus rien ne sera envoyé
pay-lead = Vous réglez une ardoise depuis une lettre. Rien d’autre de l’ardoise n’est montré ici.
desk-letters = Lettres que personne n’accepte
desk-letters-hint = Elles ont été essayées, et ne partent plus. Le mot dit pourquoi : le code du serveur, ou ce qui a échoué avant. Leurs lecteurs trouvent la même chose sur la page de leur ardoise.
