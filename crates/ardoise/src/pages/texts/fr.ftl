# Les mots des écrans, en français. Un mot par chose : voir GLOSSARY.md.
# Espace insécable avant les unités et « : », espace fine insécable avant « ; ! ? » et dans les guillemets.

## Partout

skip = Aller au contenu
og-locale = fr_FR
nav-author = Vendre
nav-foot = À vous
nav-gains = Gains
nav-works = Œuvres
nav-sell = Vendre une œuvre
nav-sell-short = Vendre
nav-keys = Clés
nav-desk = Bureau
nav-operator = Gérance
nav-tab = Mon ardoise
nav-library = Ma bibliothèque
nav-withdrawal = Rétractation
meter = { $count ->
    [one] Votre ardoise : { $count } ligne,
   *[other] Votre ardoise : { $count } lignes,
}
see-price = Voir son prix
see-works = Voir ce qui est en vente
more-works = Voir d’autres œuvres
more-lines = Voir les lignes plus anciennes
open = Ouvrir
undo = Annuler
receipt = Reçu
receipts = Télécharger tous les reçus (JSON)
receipt-file = reçu
receipts-file = reçus
amount = Montant
reference = Référence

## Temps et taille

month = { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}
ago-now = à l’instant
ago-minutes = { $count ->
    [one] il y a { $count } minute
   *[other] il y a { $count } minutes
}
ago-hours = { $count ->
    [one] il y a { $count } heure
   *[other] il y a { $count } heures
}
ago-days = { $count ->
    [1] hier
   *[other] il y a { $count } jours
}
size-bytes = { $count ->
    [one] { $count } octet
   *[other] { $count } octets
}

## Annonces

notice-undone = « { $title } » n’est plus sur votre ardoise. Vous devez { $amount } de moins.
notice-missing = Un fichier de « { $title } » est introuvable, nous avons donc annulé votre ligne. Vous devez { $amount } de moins ; rien n’a été débité. Le vendeur est prévenu.
notice-saved = Enregistré.
notice-published = Publié. Votre lien fonctionne dès maintenant.
notice-unpublished = Retiré de la vente. Tous ceux qui l’ont le gardent.
notice-price-changed = Le prix a changé depuis l’ouverture de cette page. Rien n’a été débité ; le bouton indique le nouveau prix.
notice-resting = Aucun achat n’est possible pour l’instant : voici ce qui était en rayon en dernier. Réessayez dans un instant.

## Une œuvre

kind-article = Article · { $minutes } min
kind-image = Image
kind-audio = Audio
kind-video = Vidéo
kind-files = { $count ->
    [one] { $count } fichier
   *[other] { $count } fichiers
}
price-from = dès { $amount }
price-choose = prix libre
price-free = offert
by = par { $author }
words-left = { $count ->
    [one] Encore { $count } mot à lire.
   *[other] Encore { $count } mots à lire.
}
preview-of = Aperçu de « { $title } »
sample = { $count ->
    [one] Écouter la première seconde
   *[other] Écouter les { $count } premières secondes
}
files = { $count ->
    [one] Ce que vous recevez : { $count } fichier
   *[other] Ce que vous recevez : { $count } fichiers
}
buy = Payer { $amount }
buy-free = Prendre, c’est offert
buy-under = Sur votre ardoise : rien à régler aujourd’hui. Annulable d’un geste pendant { $minutes } minutes.
buy-seller = Toutes taxes comprises, vendu par { $seller }.
buy-waiver = Vous demandez l’accès immédiat et renoncez aux 14 jours de rétractation.
buy-rights = Vos droits
free-under = Pas de compte, rien à payer.
free-seller = Offert par { $seller }.
choose = Votre prix
choose-own = Un autre montant, à partir de { $amount }
pay-typed = Payer ce montant
open-under = Dans votre bibliothèque. L’ouvrir ne coûte rien.
settle-to-go-on = Régler votre ardoise ({ $amount }) pour continuer
settle-under = Votre ardoise n’a plus la place pour cette œuvre ({ $price }). Rien n’a été débité ; l’œuvre vous attend ici.
unpublished = Pas en vente
unpublished-under = Son auteur l’a retirée des rayons. Ceux qui l’ont la gardent dans leur bibliothèque.
resting = Achat impossible pour l’instant
resting-under = { $price } · la page telle qu’elle était en dernier. Rien n’est débité ; réessayez dans un instant.
draft-under = Pas encore publiée : vous seul voyez cette page.
work-own = Voici votre œuvre, telle que la voient les lecteurs.
work-manage = La gérer
on-tab = Sur l’ardoise : { $amount }
undo-left = { $count ->
    [0] encore moins d’une minute
    [one] encore { $count } min
   *[other] encore { $count } min
}
undo-over = Le délai d’annulation est passé.
paid = Réglé : { $amount }
given = Offert : rien à payer.
downloads = Vos fichiers
zip = Le tout en un seul ZIP
embed-open = Obtenir · { $price }
new-tab = (dans un nouvel onglet)

## La boutique

front-empty = Rien encore en rayon. La première œuvre paraîtra ici dès que son auteur la publiera.

## L’ardoise

tab-title = Votre ardoise
tab-left = Il vous reste { $left } à dépenser, sur { $limit }.
tab-when = À régler au plus tard le { $day }, ou dès { $amount }. Jamais d’intérêts ni de frais de retard.
tab-nothing = Rien à régler. Ni carte, ni compte.
tab-closed = L’ardoise n’accepte plus rien tant qu’elle n’est pas réglée. Ce que vous avez reste à vous.
tab-written-off = L’ardoise n’a pas été réglée à temps : le vendeur ne compte plus sur ces lignes, et elle n’accepte plus rien tant qu’elles ne sont pas réglées. Ce que vous avez reste à vous.
tab-disputed = Un règlement de cette ardoise est contesté auprès de la banque : rien ne s’y ajoute tant qu’elle n’a pas tranché. Ce que vous avez reste à vous.
tab-closed-for-good = Cette ardoise est fermée : un de ses règlements a été repris par la banque, et seul le vendeur peut la rouvrir. Ce que vous avez reste à vous.
tab-reopened = La boutique a rouvert cette ardoise le { $day }.
tab-credit = Avoir : { $amount }. Il règle vos prochaines lignes.
tab-empty = Votre ardoise est vierge. Touchez un prix pour lire, écouter ou télécharger aussitôt : il s’inscrit ici, et vous réglez plus tard, en une fois.
tab-lines = Lignes, les plus récentes d’abord
settle-now = Régler maintenant
line-open = sur l’ardoise
line-billed = règlement en cours
line-paid = réglé
line-refunded = annulé
line-written-off = abandonné par le vendeur
line-free = offert

## Régler

settle-title = Régler votre ardoise
settle-lines = { $count ->
    [one] { $count } ligne, en une fois
   *[other] { $count } lignes, en une fois
}
settle-ask = Cette boutique n’a pas encore dit comment elle se fait payer. Rien n’est dû d’ici là ; l’adresse du vendeur est sur la page de rétractation.
rail-sandbox = Bac à sable
rail-sandbox-about = Pour essayer la boutique. Aucun argent réel ne circule.
rail-paypal = PayPal
rail-lightning = Bitcoin (Lightning)
rail-ecash = Liquide numérique (Cashu)
pay-fake = Payer { $amount } (argent factice)
rail-stripe = Carte, Google Pay, Apple Pay
stripe-item = Votre ardoise chez { $shop }
rail-phone = Facture mobile
phone-item = Votre ardoise chez { $shop }
phone-number = Votre numéro de mobile. Le montant sera ajouté à sa facture ; nous ne gardons pas le numéro.
phone-number-wrong = Ce n’est pas un numéro de téléphone. Tapez-le comme 06 12 34 56 78 ou, d’un autre pays, comme +34 671 999 000.
phone-number-again = La réponse de l’opérateur s’est perdue en route, et rien n’a été débité. Donnez votre numéro encore une fois, s’il vous plaît.
phone-code = Le code que votre opérateur vient de vous envoyer par SMS. En le saisissant, vous acceptez de payer.
phone-code-wrong = Ce n’est pas le code qui vous a été envoyé. Rien n’a été débité ; essayez encore.
phone-turn-back = Faire demi-tour, sans payer
rail-transfer = Virement
rail-transfer-about = Indiquez la référence avec le virement. Les lignes passent à « réglé » dès qu’il est arrivé, en général sous deux jours.
rail-cash = Espèces
back-to-tab = Revenir à l’ardoise, sans payer
settle-pay = Payer { $amount }
settle-from = À partir de { $minimum }.
settle-to = Jusqu’à { $maximum }.
settle-bind = Désormais, débitez mon ardoise ainsi à l’échéance. Je peux y mettre fin à tout moment.
bound-title = Débité à l’échéance de votre ardoise
bound-most = { $most } au plus à la fois.
bound-end = Y mettre fin
back-to-settle = Choisir un autre moyen
charge-title = Votre paiement
charge-look = Voir où il en est
back-to-charge = Revenir au paiement
awaited = { $rail } : nous attendons { $amount }
awaited-under-way = { $rail } : { $amount } en cours
charge-follow = Continuer et payer { $amount }
charge-waits = En attente de votre paiement.
charge-notices = Cette page s’en aperçoit d’elle-même.
charge-scan = Scannez le code avec votre portefeuille, ou utilisez-le sur cet appareil :
charge-open = Ouvrir mon portefeuille
charge-code = Code de paiement
charge-under-way = Votre paiement est en cours : votre banque l’exécute sous quelques jours. Rien d’autre n’est prélevé d’ici là ; les lignes passeront d’elles-mêmes à « réglé ».
charge-doubt = La réponse à votre paiement s’est perdue en route, et nous demandons ce qu’il est devenu. Rien ne sera débité deux fois : patientez quelques minutes, rarement plus.
charge-copy = Scannez ce code avec l’application de votre banque, ou recopiez le virement :
charge-copy-about = Recopiez la référence telle quelle : c’est à elle que nous reconnaissons votre virement. Il arrive en général le jour ouvré suivant. Vous pouvez fermer cette page ; votre ardoise indique quand il est là.
fact-name = Nom
fact-iban = IBAN
fact-bic = BIC
fact-reference = Référence
charge-send = Continuer
charge-again = Régler votre ardoise
charge-refused = La somme arrivée n’est pas celle qui était demandée. Rien n’a été retiré de votre ardoise, et le vendeur est prévenu ; inutile de payer de nouveau.
declined-funds = Il n’y a pas assez d’argent sur ce moyen de paiement. Rien n’a été débité ; essayez-en un autre.
declined-refused = Le paiement a été refusé, sans qu’on nous dise pourquoi. Rien n’a été débité ; réessayez, ou choisissez un autre moyen.
declined-means = Cette carte, ce compte ou ce numéro n’est plus valable. Rien n’a été débité ; essayez-en un autre.
declined-proof = Vous n’avez pas confirmé le paiement. Rien n’a été débité ; vous pouvez recommencer.
declined-too-much = C’est plus que ce que permet ce moyen de paiement. Rien n’a été débité ; essayez-en un autre.
declined-month = Ce numéro a déjà réglé sur facture mobile le maximum permis en un mois. Rien n’a été débité ; choisissez un autre moyen, ou réglez le mois prochain.
declined-cancelled = Vous avez fait demi-tour. Rien n’a été débité.
declined-late = Le délai pour payer est passé. Rien n’a été débité ; vous pouvez recommencer.
declined-replaced = Vous avez demandé depuis un autre montant. Si vous avez déjà viré celui-ci, il compte quand même.
declined-unbound = Votre accord pour ce moyen de paiement ne vaut plus. Rien n’a été débité ; réglez une fois vous-même pour le redonner.
declined-spent = Ce jeton a déjà été dépensé : il ne vaut plus rien. Rien n’a été débité ; recommencez avec un autre jeton, ou choisissez un autre moyen.
declined-unreached = Ce moyen de paiement est injoignable pour le moment. Rien n’a été débité ; réessayez dans un instant, ou choisissez-en un autre.
declined-unserved = Ce moyen de paiement ne sert ni cette boutique ni votre pays. Rien n’a été débité ; essayez-en un autre.
ecash-ask = Payez { $sats } sat depuis votre portefeuille Cashu : scannez le code, ou créez-y un jeton de ce montant et collez-le ci-dessous. Émetteurs acceptés : { $mints }. Ce qui est en trop vous est rendu.
ecash-token = Jeton (il commence par cashu)
ecash-change = Votre monnaie : { $sats } sat. Collez ce jeton dans votre portefeuille dès maintenant : l’argent est à qui l’encaisse le premier.
ecash-unreadable = Ce n’est pas un jeton entier. Il commence par cashuA ou cashuB ; copiez-le en entier. Il n’a pas été touché.
ecash-many = Ce jeton est en trop de morceaux. Créez-en un du montant exact dans votre portefeuille ; celui-ci n’a pas été touché.
ecash-many-mints = Ce jeton vient de plusieurs émetteurs. Collez-en un d’un seul émetteur ; celui-ci n’a pas été touché.
ecash-locked = Ce jeton est verrouillé : la boutique ne peut pas l’encaisser. Créez-en un sans verrou ; celui-ci n’a pas été touché.
ecash-elsewhere = La boutique n’accepte que les jetons de ces émetteurs : { $mints }. Le vôtre n’a pas été touché : il est toujours à vous.
ecash-unit = Ce jeton n’est pas en sat. Il n’a pas été touché : il est toujours à vous.
ecash-unknown = L’émetteur ne connaît pas les clés de ce jeton. Vérifiez-le dans votre portefeuille ; il n’a pas été touché.
ecash-another = Un autre jeton est en cours d’encaissement pour ce paiement. Celui-ci n’a pas été touché : il est toujours à vous.
ecash-late = Le délai pour payer est passé. Votre jeton n’a pas été touché : recommencez, au montant du jour.
ecash-too-little = Ce jeton vaut { $given } sat, et il en faut { $wanted }. Il n’a pas été touché : créez-en un du montant entier.
ecash-unreached = L’émetteur est injoignable pour le moment. Votre jeton n’a pas été touché : réessayez dans un instant.
ecash-hint = Le liquide numérique reçu reste dans la boutique jusqu’à ce que vous le retiriez. Sur le serveur : ardoise ecash export

settled-title = Réglé, merci
settled-lines = { $count ->
    [one] { $count } ligne réglée le { $when }.
   *[other] { $count } lignes réglées le { $when }.
}
settled-fake = C’était de l’argent factice : un essai, aucun paiement réel.
settled-clean = Votre ardoise est vierge.
settled-change = Votre monnaie
settled-left = Il reste { $amount } sur votre ardoise.

## Donner son accord pour un moyen de paiement

invite-limit = Ajoutez un moyen de paiement : votre ardoise va jusqu’à { $limit } au lieu de { $now }, et se règle toute seule.
invite-same = Ajoutez un moyen de paiement : votre ardoise se règle toute seule.
invite-how = Voir comment
invite-no = Non merci
bind-title = Une ardoise qui se règle toute seule
bind-limit = Votre ardoise peut aller jusqu’à { $limit } au lieu de { $now }.
bind-nothing = À l’échéance, vous n’avez plus rien à faire.
bind-told = { $count ->
    [0] Un geste suffit pour y mettre fin.
    [one] On vous prévient la veille ; un geste suffit pour y mettre fin.
   *[other] On vous prévient { $count } jours avant ; un geste suffit pour y mettre fin.
}
bind-agreed = Ce que vous acceptez
bind-agree = J’accepte que { $shop } débite ce moyen de paiement quand mon ardoise atteint { $at }, ou quand sa plus ancienne ligne a { $due } jours : ce qui s’y trouve alors, jamais plus de { $most } à la fois. { $days ->
    [0] Je peux y mettre fin à tout moment, d’un geste.
    [one] On me prévient la veille, et je peux y mettre fin à tout moment, d’un geste.
   *[other] On me prévient { $days } jours avant, et je peux y mettre fin à tout moment, d’un geste.
}
bind-today = Rien n’est débité aujourd’hui.
bind-go = Accepter et continuer
bind-none = Aucun moyen de paiement ne se donne ici d’avance : réglez votre ardoise vous-même, quand vous voulez.
bind-back = Pas maintenant
bind-instead = Ou laisser l’ardoise se régler toute seule
bind-to-go-on = Ou ajouter un moyen de paiement : jusqu’à { $limit }
binding-title = Votre moyen de paiement
binding-waits = En attente de votre accord. Cette page s’en aperçoit d’elle-même.
binding-doubt = La réponse s’est perdue en route, et nous demandons si vous avez donné votre accord. Rien n’est débité : patientez quelques minutes, rarement plus.
binding-again = Choisir de nouveau
notice-bound = Désormais, votre ardoise se règle toute seule. Rien n’a été débité.
tab-charged = Elle se règle toute seule le { $day }, ou dès { $amount }. Jamais d’intérêts ni de frais de retard.
failed-title = { $rail } : pas débité le { $day }
failed-again = Nous réessaierons une fois plus tard. Vous pouvez aussi régler votre ardoise vous-même maintenant.
failed-by-hand = Plus rien ne sera tenté sans vous : réglez votre ardoise vous-même, par le même moyen ou par un autre.
away-proof = Votre banque voulait que vous confirmiez vous-même le paiement, et vous n’étiez pas là. Rien n’a été débité.

## La bibliothèque

library-title = Votre bibliothèque
library-lead = À rouvrir quand vous voulez.
library-empty = Rien ici pour l’instant. Tout ce que vous prenez y reste, à rouvrir quand vous voulez.

## Quand quelque chose ne va pas

fate-nothing-charged = Rien n’a été débité.
fate-line-undone = La ligne est annulée : vous ne devez rien pour elle.
fate-tab-unchanged = L’ardoise n’a pas changé.
fate-being-checked = Nous vérifions si le paiement est passé. Vous ne paierez pas deux fois ; inutile de réessayer pour l’instant.
missing-title = Cette page n’existe pas
missing-detail = Le lien est peut-être mal recopié ou ancien. Une œuvre que vous avez prise est toujours dans votre bibliothèque.
request = requête { $id }

## Rétractation

withdrawal-title = Rétractation et remboursement
withdrawal-undo-title = Annuler vous-même
withdrawal-undo = Pendant { $minutes } minutes après chaque achat, « Annuler » sur votre ardoise le reprend, sans question. Le montant quitte votre ardoise et l’œuvre quitte votre bibliothèque.
withdrawal-undo-link = Aller à mon ardoise
withdrawal-right-title = Votre droit de rétractation
withdrawal-right = Dans l’Union européenne, vous pouvez vous rétracter d’un achat à distance pendant 14 jours, sans donner de motif.
withdrawal-waiver = Pour un contenu numérique, ce droit prend fin quand l’accès commence, si vous avez demandé l’accès immédiat et accepté qu’il prenne fin : la phrase sous le bouton le dit. Si nous avons oublié de vous le demander, ou si quelque chose ne fonctionne pas comme annoncé, la loi est de votre côté et vous ne devez rien.
withdrawal-how-title = Comment se rétracter
withdrawal-how = Écrivez au vendeur avec la date et le titre de la ligne, ou joignez son reçu, pris dans votre bibliothèque. Aucun compte n’est nécessaire, et ce texte suffit :
withdrawal-form = Je me rétracte de mon achat de (titre), fait le (date).
withdrawal-subject = Rétractation d’un achat
withdrawal-write = Écrire à { $email }
withdrawal-answer = Vous recevez un accusé de réception écrit. Une ligne non réglée est retirée de votre ardoise ; une ligne réglée vous est remboursée par le même moyen, sous 14 jours.
withdrawal-seller = Le vendeur

## Graphiques

chart-table = Voir les chiffres

## Vendre

invite-title = Vendre à { $shop }
invite-lead = Vous êtes invité à vendre vos œuvres ici. Un nom suffit.
invite-name = Le nom que verront les lecteurs
invite-hint = Une personne, un groupe, un journal. Vous pourrez le changer.
invite-accept = Commencer à vendre
form-wrong = Rien n’est perdu : voyez les champs signalés ci-dessous, puis renvoyez.
field-title = Titre
field-article = Ou écrire un article
field-article-label = L’article, en Markdown
field-article-hint = Markdown. Les lecteurs voient les premiers 30 % (au moins 150 mots) avant de payer.
field-price = Prix
pricing-fixed = Fixe
pricing-choose = Libre
pricing-free = Offert
field-amount = Prix en { $currency }, toutes taxes comprises
field-minimum = Au moins ({ $currency })
field-suggestion = Suggéré ({ $currency })
field-price-hint = À partir de 0,01. Par exemple 0,20 : on paie sur l’ardoise, les centimes comptent.
field-more = Description, couverture et TVA
field-description = Description, en Markdown
field-cover = Couverture (JPEG, PNG ou WebP)
field-cover-hint = Visible dans les listes et partout où le lien est partagé.
cover-remove = Enlever cette couverture
field-tax = Taux de TVA
field-tax-hint = Elle est comprise dans le prix. En cas de doute, gardez le taux normal.
tax-standard = Taux normal, { $rate }
tax-reduced = Taux réduit, { $rate } : livres
tax-press = Taux de la presse, { $rate } : presse en ligne reconnue
sell-files = Choisir des fichiers, ou les déposer ici
sell-files-hint = Texte, image, son, film, tout ce que vous voulez. Jusqu’à { $size } chacun.
upload-waiting = envoi…
upload-done = reçu
upload-failed = échec ; choisissez à nouveau le fichier
publish = Publier
keep-draft = Garder pour plus tard
save = Enregistrer
remove = Retirer
keep-title = Ce que vous gardez de
keep-way = Façon de payer
keep-keeps = Vous gardez
keep-card = Seul, par carte
keep-paypal = Seul, par micropaiement PayPal
keep-tab = Sur une ardoise réglée à { $amount }
keep-hint = Avant impôt et part de la boutique.
keep-source = Tarifs au { $day } : { $source }.
keep-count = Calculer pour ce prix
share-title = Partager votre œuvre
share-link = Le lien court
share-see = Voir comme un lecteur
share-post = En parler
share-hint = Chaque lien nomme son réseau : vos gains montrent d’où viennent les lecteurs.
share-print = L’imprimer
share-qr = Code QR de { $url }
share-embed = Le mettre sur une page
share-card = Une carte (reste un simple lien sans JavaScript)
share-frame = Ou un cadre
copy = Copier
copied = Copié
works-title = Vos œuvres
works-empty = Rien en vente pour l’instant. Un titre, un fichier, un prix, et le lien est prêt en une minute.
kept = { $count ->
    [one] { $count } gardé
   *[other] { $count } gardés
}
visits = { $count ->
    [one] { $count } visite
   *[other] { $count } visites
}
taps = { $count ->
    [one] { $count } achat
   *[other] { $count } achats
}
undone = { $count ->
    [one] { $count } annulé
   *[other] { $count } annulés
}
for-you = { $amount } pour vous
manage-title = La modifier
on-sale = En vente
draft = Brouillon : vous seul pouvez le voir
manage-see = Voir comme un lecteur
manage-share = Partager
manage-add = Ajouter des fichiers
manage-files = Fichiers
replace-with = Remplacer par une nouvelle version
replace = Remplacer
replace-hint = Tous ceux qui ont l’œuvre reçoivent la nouvelle version.
manage-links = Liens
manage-sale = En rayon
unpublish = Retirer de la vente
unpublish-hint = Le lien demeure et le dit. Tous ceux qui ont l’œuvre la gardent.
channel-plain = lien simple
channel-new = Un lien pour un canal
channel-hint = Minuscules sans accent, chiffres et traits d’union : infolettre, affiche-2.
channel-make = Créer le lien

## Gains

gains-title = Vos gains
gains-live = En direct
gains-today = aujourd’hui
gains-week = 7 jours
gains-bought = des visites achètent
gains-undone = annulés
gains-period = Période
period-today = Aujourd’hui
period-week = 7 jours
period-month = 30 jours
period-all = Tout

gains-pending = en attente
gains-available = disponibles
gains-paid-out = versés
gains-pending-hint = En attente : sur les ardoises des lecteurs. Disponible dès qu’ils règlent. Affiché au centime ; le CSV donne tout, au millionième.
gains-empty = Pas encore de gains. Mettez une œuvre en vente et partagez son lien : chaque achat s’affiche ici aussitôt.
gains-rail-fees = Gardé par la carte, PayPal et les autres moyens de paiement, au règlement :
gains-payouts = Versé
gains-under-way = en route
gains-address = Où vos gains sont versés
gains-address-hint = L’exploitant peut les y envoyer. Lui et vous êtes seuls à voir l’adresse.
gains-address-off = La boutique ne paie pas ainsi en ce moment.
gains-address-email = { $rail } : l’adresse e-mail de votre compte
gains-address-keep = Enregistrer
gains-address-remove = Retirer
payout-under-way = En route.
payout-unclaimed = En attente de retrait : il faut un compte à cette adresse. La somme revient au bout de 30 jours.
payout-review = En cours d’examen chez le prestataire.
payout-back-late = Revenu : personne ne l’a retiré à temps.
payout-back-means = Revenu : aucun compte à cette adresse ne peut le recevoir.
payout-back-funds = Non envoyé : le compte de la boutique n’était pas assez garni.
payout-back-cancelled = Revenu : il n’a pas été accepté.
payout-back-unserved = Non envoyé : le pays ou la devise de ce compte n’est pas desservi.
payout-back-too-much = Non envoyé : c’est plus que le compte ne peut recevoir.
payout-back-refused = Non envoyé : le prestataire a refusé, sans dire pourquoi.
gains-works = Par œuvre
gains-channels = Par canal
gains-csv = Télécharger en CSV
gains-chart = Gains, { $period }
col-hour = Heure
col-day = Jour
col-month = Mois
col-net = Pour vous

## Clés

keys-title = Clés et webhooks
keys-lead = Pour les programmes qui vendent et comptent pour vous.
keys-fresh = Copiez-le maintenant : il n’est montré que cette fois.
keys-secret = Le secret
keys-api = Clés d’API
keys-none = Pas encore de clé.
keys-name = À quoi servira la clé ?
keys-make = Créer une clé
made = création : { $when }
used = dernier usage : { $when }
never-used = jamais utilisé
revoke = Révoquer
webhooks = Webhooks
webhooks-none = Pas encore de webhook.
webhooks-url = Où signaler les ventes et les annulations ?
webhooks-make = Ajouter
webhook-failing = en échec : { $word }
webhook-fine = dernier envoi : { $when }

## Le bureau

desk-title = Le bureau
desk-books = Les comptes
books-balanced = Équilibrés
books-broken = Ils ne s’équilibrent pas. Gardez une copie du dossier de données, et cherchez pourquoi avant de verser quoi que ce soit
books-checked = { $count ->
    [one] { $count } mouvement, vérification : { $when }
   *[other] { $count } mouvements, vérification : { $when }
}
books-unchecked = Pas encore vérifiés.
books-check = Vérifier maintenant
desk-tabs = Ardoises à régler
desk-no-tabs = Personne ne doit rien.
desk-more = Voir d’autres ardoises
desk-tab = { $count ->
    [one] { $count } ligne : { $when }
   *[other] { $count } lignes, la plus ancienne : { $when }
}
desk-closed = fermée aux nouvelles lignes
desk-written-off = passée en perte
desk-disputed = règlement contesté
desk-nothing-owed = rien à régler
desk-received = Montant reçu, et comment
desk-rails = Ce que coûtent les moyens de paiement
desk-rails-hint = Ce que chacun garde d’une ardoise de ce montant. Les lecteurs voient le moins cher en premier, et seulement son nom.
desk-rail-as-of = { $source }, { $day }
desk-rail-own = selon vos réglages
desk-troubling = Paiements à vérifier
desk-troubling-hint = La somme arrivée n’est pas celle qui était demandée : elle n’est pas dans les comptes ; ou l’on ne sait pas ce qu’elle est devenue. Voyez chez le prestataire ; puis inscrivez ce qui est vraiment arrivé, ou renvoyez-le.
desk-doubt = On ne sait pas ce qu’il est devenu : le prestataire ne répond pas. On lui redemande toutes les heures, et rien d’autre n’est débité à cette ardoise.
desk-seen = C’est vérifié
desk-credited = Ardoises avec un avoir
desk-find = Une ardoise, par sa référence
desk-find-go = Voir ses paiements
desk-tab-title = Paiements d’une ardoise
desk-tab-back = Revenir aux paiements de l’ardoise
desk-tab-owed = Elle doit
desk-tab-credit = Son avoir
desk-tab-borne = À votre charge
desk-tab-borne-hint = La somme est repartie depuis la page du prestataire, sans avoir sur cette ardoise pour la couvrir. Ne retirez pas de lignes pour autant : leur lecteur aurait deux fois l’argent.
desk-tab-lost = Une contestation perdue a fermé cette ardoise. Son lecteur ne peut y acheter de nouveau que si vous la rouvrez.
desk-tab-reopen = La rouvrir
desk-brought = Ce qui est arrivé
desk-brought-hint = Un avoir repart par le moyen qui l’a apporté, au plus ce qui reste de ce paiement.
desk-brought-none = Rien n’est encore arrivé pour cette ardoise.
desk-by-hand-only = ne peut pas être renvoyé d’ici
desk-back = Rembourser, au plus { $most }
desk-back-rail = Rembourser
desk-back-hand = Je l’ai envoyé moi-même
desk-back-note = Une note sur votre envoi
desk-lines = Lignes
desk-lines-hint = Une ligne retirée ne coûte plus rien. Ce qui avait été réglé pour elle devient un avoir, qui paie d’abord ce qui attend sur l’ardoise.
desk-line-send = Renvoyer aussitôt ce qu’elle a coûté
desk-line-back = Retirer la ligne
desk-refunds = Ce qui est reparti
desk-returning = Remboursements à examiner
desk-returning-hint = Le moyen de paiement ne dit pas ce qu’ils sont devenus, ou ne les a pas exécutés. Voyez la page du prestataire.
desk-returning-doubt = Personne ne sait encore s’il est parti. La question est reposée chaque heure ; l’avoir est mis de côté d’ici là, pour que rien ne parte deux fois.
refund-begun = en route
refund-done = envoyé
refund-failed = impossible à envoyer : c’est de nouveau un avoir
refund-by-hand = envoyé à la main
refund-elsewhere = envoyé depuis la page du prestataire
desk-elsewhere = Remboursé depuis la page du prestataire
desk-elsewhere-hint = Ces sommes ne sont pas parties d’ici. Elles sont prises sur l’avoir de l’ardoise ; ce qui dépasse l’avoir est à votre charge. Les lecteurs gardent ce qu’ils ont.
desk-elsewhere-borne = à votre charge : { $amount }
rail-manual = Virement ou espèces
tab-give-back = Me rembourser { $amount } ({ $rail })
tab-refunds = Remboursé
desk-authors = Auteurs
desk-fresh = Envoyez ce lien à l’auteur. Il sert une fois et n’est montré que cette fois.
desk-link = Lien d’invitation
desk-invited = invité, pas encore venu
desk-works = { $count ->
    [one] { $count } œuvre en vente
   *[other] { $count } œuvres en vente
}
desk-available = { $amount } à verser
desk-paid = Montant que vous avez versé à l’auteur
desk-pay = Noter le versement
desk-pay-amount = Montant pour l’auteur
desk-pay-by = Envoyer par { $rail }
desk-pay-fee = { $rail } prend { $amount } en plus
desk-pay-no-address = n’a pas dit où verser ses gains
desk-payouts = Versements
desk-payouts-hint = En route, ou revenus : ce qui est revenu est de nouveau disponible pour l’auteur.
desk-payout-doubt = Personne ne sait encore s’il est parti. La question sera reposée, et rien ne part deux fois.
desk-pay-all = { $count ->
    [one] Envoyer { $amount } à un auteur par { $rail }
   *[other] Envoyer { $amount } en tout à { $count } auteurs par { $rail }
 }
desk-pay-all-hint = À tous ceux qui ont donné une adresse et ont au moins { $amount }.
desk-invite-name = Inviter un auteur
desk-invite = Créer le lien
sign-in-title = Entrer à { $shop }
sign-in-lead = Ce lien sert une fois. Le bouton connecte ce navigateur.
sign-in = Se connecter
sign-in-over = Ce lien a déjà servi ou est trop ancien
sign-in-again = Demandez-en un autre : « ardoise invite operator » sur le serveur l’affiche, ou la personne qui vous a invité peut en créer un.

## La banque

bank-title = Relevés bancaires
bank-lead = Apportez un relevé du compte { $iban }. Les virements qui portent la référence d’un paiement vont à leur ardoise ; les autres attendent ici.
bank-off = Les virements sont désactivés : réglez transfer.iban et transfer.name. En attendant, rail.transfer peut dire comment régler par virement.
bank-file = Relevé
bank-file-hint = CAMT.053 (XML) ou CSV. Vous voyez ce qui a été compris avant que rien n’en soit pris ; apporter deux fois le même relevé ne change rien.
bank-look = Examiner le relevé
bank-back = Revenir aux relevés
bank-placed = { $count ->
    [0] Aucun encaissement n’est allé à une ardoise.
    [one] Un encaissement est allé à son ardoise.
   *[other] { $count } encaissements sont allés à leur ardoise.
}
bank-left = { $count ->
    [0] Rien n’est resté en suspens.
    [one] Un vous attend.
   *[other] { $count } vous attendent.
}
bank-known = { $count ->
    [0] { "" }
    [one] Un était déjà connu.
   *[other] { $count } étaient déjà connus.
}
bank-waiting = Encaissements qui vous attendent
bank-waiting-hint = Mettez chacun sur l’ardoise à laquelle il est destiné, ou de côté s’il n’a rien à voir avec la boutique.
bank-none = Aucun.
bank-tab = Ardoise
bank-put = Mettre sur l’ardoise
bank-aside = Mettre de côté
bank-put-aside = Mis de côté
bank-back-again = Reprendre
statement-title = Ce qui a été compris
statement-day = Colonne du jour
statement-amount = Colonne du montant
statement-again = Regarder de nouveau
statement-take = Prendre en compte
statement-leave = Ne rien prendre
statement-pays = Va à son ardoise
statement-unmatched = Ne nomme aucun paiement ; vous attendra
statement-several = Nomme plusieurs paiements ; vous attendra
statement-alike = Un autre du même jour et du même montant est venu avec un relevé d’un autre format ; vous attendra
statement-known = Déjà connu
statement-more = { $count ->
    [one] Un autre n’est pas montré.
   *[other] { $count } autres ne sont pas montrés.
}
statement-count-pays = { $count ->
    [one] Un encaissement va à son ardoise
   *[other] { $count } encaissements vont à leur ardoise
}
statement-count-unmatched = { $count ->
    [one] Un ne nomme aucun paiement et vous attendra
   *[other] { $count } ne nomment aucun paiement et vous attendront
}
statement-count-unclear = { $count ->
    [one] Un est ambigu et vous attendra
   *[other] { $count } sont ambigus et vous attendront
}
statement-count-known = { $count ->
    [one] Un est déjà connu
   *[other] { $count } sont déjà connus
}
statement-count-debits = { $count ->
    [one] Un débit est laissé de côté
   *[other] { $count } débits sont laissés de côté
}
statement-count-not-booked = { $count ->
    [one] Une écriture n’est pas définitive et est laissée de côté
   *[other] { $count } écritures ne sont pas définitives et sont laissées de côté
}
statement-count-currency = { $count ->
    [one] Un encaissement dans une autre devise est laissé de côté
   *[other] { $count } encaissements dans une autre devise sont laissés de côté
}
statement-count-account = { $count ->
    [one] Une écriture d’un autre compte est laissée de côté
   *[other] { $count } écritures d’un autre compte sont laissées de côté
}
statement-count-no-booking = { $count ->
    [one] Une ligne sans jour ou sans encaissement est laissée de côté
   *[other] { $count } lignes sans jour ou sans encaissement sont laissées de côté
}

## Les bons

rail-voucher = Bon
vouchers-title = Bons
vouchers-lead = Imprimez des cartes qui portent un code : c’est avec lui qu’on règle.
vouchers-off = Cette boutique n’a pas de bons : réglez voucher.most sur ce qu’un bon peut valoir, 50.00 au plus.
vouchers-count = Combien
vouchers-amount = Valeur de chacun
vouchers-most = { $most } au plus. Les codes ne sont montrés qu’une fois, sur la page à imprimer.
vouchers-print = Faire la page à imprimer
vouchers-list = Imprimés jusqu’ici
vouchers-outstanding = Tous ensemble peuvent encore payer { $amount }.
vouchers-none = Aucun.
vouchers-left = reste { $amount }, jusqu’au { $day }
vouchers-void = Annuler
vouchers-more = Voir les bons plus anciens
vouchers-back = Revenir aux bons
vouchers-once = Imprimez cette page maintenant : les codes ne sont montrés que cette fois. Coupez le long des traits, et gardez les cartes comme de l’argent.
voucher-state-fresh = pas encore utilisé
voucher-state-begun = entamé
voucher-state-used = épuisé
voucher-state-ended = expiré
voucher-state-void = annulé
voucher-title = Votre bon
voucher-how = Pour régler votre ardoise : scannez le code, ou tapez-le là où vous réglez.
voucher-until = Jusqu’au { $day }
voucher-owed = Votre ardoise doit { $amount }.
voucher-rest = Le reste demeure sur le bon, pour la prochaine fois.
voucher-nothing-owed = Vous ne devez rien. Le bon garde ce qu’il vaut ; revenez avec lui pour régler.
voucher-ask = Le code de votre bon
voucher-mistyped = Ce code est mal recopié. Comparez-le à votre bon, caractère par caractère.
voucher-unknown = Ce bon n’est pas connu ici. Comparez son code.
voucher-void = Ce bon a été repris par la boutique.
voucher-ended = Le temps d’utiliser ce bon est passé.
voucher-used-up = Il ne reste rien sur ce bon.
voucher-off = Cette boutique ne prend plus de bons.
