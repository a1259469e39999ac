home = Doktolib, accueil
ways = Navigation principale
way-search = Trouver un médecin
skip = Aller au contenu
optional = facultatif
wrong-title = Il reste quelque chose à corriger
wrong-prefix = Erreur :
language = Langue
theme = Apparence
theme-device = Comme mon appareil
theme-light = Clair
theme-dark = Sombre
apply = Appliquer
emergency-title = Est-ce une urgence ?
emergency = Appelez le 911 maintenant. Personne ne lit ce site dans l’instant.
for-developers = Pour les développeurs : l’API
demo-note = Les médecins et les patients de cette installation sont inventés.
not-found-title = Cette page n’existe pas
not-found-body = L’adresse est inexacte, ou la page a changé de place. Vos rendez-vous ne sont pas touchés.
unavailable-title = Cela ne fonctionne pas pour le moment
unavailable-body = Quelque chose a échoué chez nous. Rien n’a été réservé ni modifié ; réessayez dans une minute.

monday = lundi
tuesday = mardi
wednesday = mercredi
thursday = jeudi
friday = vendredi
saturday = samedi
sunday = dimanche
short-monday = lun.
short-tuesday = mar.
short-wednesday = mer.
short-thursday = jeu.
short-friday = ven.
short-saturday = sam.
short-sunday = dim.
long-month-1 = janvier
long-month-2 = février
long-month-3 = mars
long-month-4 = avril
long-month-5 = mai
long-month-6 = juin
long-month-7 = juillet
long-month-8 = août
long-month-9 = septembre
long-month-10 = octobre
long-month-11 = novembre
long-month-12 = décembre
short-month-1 = janv.
short-month-2 = févr.
short-month-3 = mars
short-month-4 = avr.
short-month-5 = mai
short-month-6 = juin
short-month-7 = juil.
short-month-8 = août
short-month-9 = sept.
short-month-10 = oct.
short-month-11 = nov.
short-month-12 = déc.
date-short = { $day ->
    [1] 1er { $shortmonth }
   *[other] { $day } { $shortmonth }
}
date-weekday = { $day ->
    [1] { $weekday } 1er { $month }
   *[other] { $weekday } { $day } { $month }
}
date-full = { $day ->
    [1] { $weekday } 1er { $month } { $year }
   *[other] { $weekday } { $day } { $month } { $year }
}
