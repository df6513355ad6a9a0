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
nav-keys = Clés
nav-desk = Bureau
nav-operator = Gérance
nav-tab = Mon ardoise
nav-library = Ma bibliothèque
nav-withdrawal = Rétractation et remboursement
meter = { $count ->
    [one] Votre ardoise : { $count } ligne,
   *[other] Votre ardoise : { $count } lignes,
}
see-works = Voir ce qui est en vente
more-works = Voir d’autres œuvres
more-lines = Voir les lignes plus anciennes
open = Ouvrir
undo = Annuler
receipt = Reçu
receipts = Télécharger tous les reçus (JSON)
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
buy-seller = Toutes taxes comprises. Vendu par { $seller }.
buy-waiver = En payant, vous demandez l’accès immédiat et acceptez que le droit de rétractation de 14 jours prenne fin avec lui ; l’annulation demeure.
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
work-own = Voici votre œuvre, telle que la voient les lecteurs.
work-manage = La gérer
on-tab = Sur votre ardoise : { $amount }
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
pay-fake = Payer { $amount } (argent factice)
rail-transfer = Virement
rail-transfer-about = Indiquez la référence avec le virement. Les lignes passent à « réglé » dès qu’il est arrivé, en général sous deux jours.
rail-cash = Espèces
back-to-tab = Revenir à l’ardoise, sans payer
settled-title = Réglé, merci
settled-lines = { $count ->
    [one] { $count } ligne réglée le { $when }.
   *[other] { $count } lignes réglées le { $when }.
}
settled-fake = C’était de l’argent factice : un essai, aucun paiement réel.
settled-clean = Votre ardoise est vierge.
settled-left = Il reste { $amount } sur votre ardoise.

## La bibliothèque

library-title = Votre bibliothèque
library-lead = À rouvrir quand vous voulez.
library-empty = Rien ici pour l’instant. Tout ce que vous prenez y reste, à rouvrir quand vous voulez.

## Quand quelque chose ne va pas

fate-nothing-charged = Rien n’a été débité.
fate-line-undone = La ligne est annulée : vous ne devez rien pour elle.
fate-tab-unchanged = Votre ardoise n’a pas changé.
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
