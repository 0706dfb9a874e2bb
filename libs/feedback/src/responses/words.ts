/** The response page's own texts. */
export interface Words {
  /** BCP 47. */
  readonly language: string;
  readonly intro: string;
  readonly known: string;
  readonly anonymous: string;
  readonly until: (day: string) => string;
  readonly npsScale: string;
  readonly csatScale: string;
  readonly textHint: (charsMax: string) => string;
  readonly noAnswer: string;
  readonly send: string;
  readonly error: string;
  readonly summary: string;
  readonly badChoice: string;
  readonly badText: string;
  readonly noAnswers: string;
  readonly unreadable: string;
  readonly question: (number: number) => string;
  readonly thanks: string;
  readonly received: string;
  readonly used: string;
  readonly usedMore: string;
  readonly expired: string;
  readonly expiredMore: string;
  readonly unknown: string;
  readonly unknownMore: string;
}

const en: Words = {
  language: 'en',
  intro: 'Answer what you like; you may leave questions out.',
  known: 'Your answers are kept with your library account.',
  anonymous: 'Your answers are not linked to your library account.',
  until: (day) => `You can answer until ${day}.`,
  npsScale: '0 means not at all likely, 10 means extremely likely.',
  csatScale: '1 means very dissatisfied, 5 means very satisfied.',
  textHint: (charsMax) => `At most ${charsMax} characters. Please leave out names and contact details.`,
  noAnswer: 'No answer',
  send: 'Send answers',
  error: 'Error',
  summary: 'Your answers were not sent yet',
  badChoice: 'Choose one of the numbers shown, or no answer',
  badText: 'Shorten your text, or leave out special characters',
  noAnswers: 'Answer at least one question',
  unreadable: 'Some answers do not belong to this survey. Check your answers and send them again',
  question: (number) => `Question ${number}`,
  thanks: 'Thank you',
  received: 'Your answers have arrived. You can close this page.',
  used: 'These questions were answered already',
  usedMore: 'This link can be used once, and its answers have arrived. Thank you.',
  expired: 'This survey has ended',
  expiredMore:
    'The link was valid for a limited time. Your library will be glad to hear from you another way.',
  unknown: 'This link does not work',
  unknownMore: 'Check that the whole address was copied, or ask your library for a new link.',
};

const de: Words = {
  language: 'de',
  intro: 'Beantworten Sie, was Sie möchten; Sie können Fragen auslassen.',
  known: 'Ihre Antworten werden bei Ihrem Bibliothekskonto gespeichert.',
  anonymous: 'Ihre Antworten werden nicht mit Ihrem Bibliothekskonto verbunden.',
  until: (day) => `Sie können bis zum ${day} antworten.`,
  npsScale: '0 bedeutet sehr unwahrscheinlich, 10 bedeutet sehr wahrscheinlich.',
  csatScale: '1 bedeutet sehr unzufrieden, 5 bedeutet sehr zufrieden.',
  textHint: (charsMax) => `Höchstens ${charsMax} Zeichen. Bitte keine Namen und Kontaktdaten angeben.`,
  noAnswer: 'Keine Antwort',
  send: 'Antworten senden',
  error: 'Fehler',
  summary: 'Ihre Antworten wurden noch nicht gesendet',
  badChoice: 'Wählen Sie eine der Zahlen oder keine Antwort',
  badText: 'Kürzen Sie den Text oder lassen Sie Sonderzeichen weg',
  noAnswers: 'Beantworten Sie mindestens eine Frage',
  unreadable:
    'Etwas gehört nicht zu dieser Umfrage. Prüfen Sie Ihre Antworten und senden Sie sie noch einmal',
  question: (number) => `Frage ${number}`,
  thanks: 'Vielen Dank',
  received: 'Ihre Antworten sind angekommen. Sie können diese Seite schließen.',
  used: 'Diese Fragen wurden bereits beantwortet',
  usedMore: 'Dieser Link gilt einmal, und die Antworten sind angekommen. Vielen Dank.',
  expired: 'Diese Umfrage ist beendet',
  expiredMore:
    'Der Link war nur eine begrenzte Zeit gültig. Ihre Bibliothek freut sich auf anderem Weg von Ihnen zu hören.',
  unknown: 'Dieser Link funktioniert nicht',
  unknownMore:
    'Prüfen Sie, ob die ganze Adresse kopiert wurde, oder bitten Sie Ihre Bibliothek um einen neuen Link.',
};

const fr: Words = {
  language: 'fr',
  intro: 'Répondez à ce que vous voulez ; vous pouvez laisser des questions de côté.',
  known: 'Vos réponses sont conservées avec votre compte de bibliothèque.',
  anonymous: 'Vos réponses ne sont pas liées à votre compte de bibliothèque.',
  until: (day) => `Vous pouvez répondre jusqu’au ${day}.`,
  npsScale: '0 signifie pas du tout probable, 10 signifie très probable.',
  csatScale: '1 signifie très insatisfait, 5 signifie très satisfait.',
  textHint: (charsMax) =>
    `Au plus ${charsMax} caractères. Merci de ne pas indiquer de noms ni de coordonnées.`,
  noAnswer: 'Sans réponse',
  send: 'Envoyer les réponses',
  error: 'Erreur',
  summary: 'Vos réponses ne sont pas encore envoyées',
  badChoice: 'Choisissez un des nombres proposés, ou sans réponse',
  badText: 'Raccourcissez le texte ou retirez les caractères spéciaux',
  noAnswers: 'Répondez à une question au moins',
  unreadable:
    'Un élément ne fait pas partie de cette enquête. Vérifiez vos réponses et envoyez-les de nouveau',
  question: (number) => `Question ${number}`,
  thanks: 'Merci',
  received: 'Vos réponses sont arrivées. Vous pouvez fermer cette page.',
  used: 'Ces questions ont déjà une réponse',
  usedMore: 'Ce lien sert une seule fois, et les réponses sont arrivées. Merci.',
  expired: 'Cette enquête est terminée',
  expiredMore:
    'Le lien était valable pour un temps limité. Votre bibliothèque sera heureuse de vous entendre autrement.',
  unknown: 'Ce lien ne fonctionne pas',
  unknownMore: 'Vérifiez que toute l’adresse a été copiée, ou demandez un nouveau lien à votre bibliothèque.',
};

const es: Words = {
  language: 'es',
  intro: 'Responda lo que quiera; puede dejar preguntas sin responder.',
  known: 'Sus respuestas se guardan con su cuenta de la biblioteca.',
  anonymous: 'Sus respuestas no se vinculan con su cuenta de la biblioteca.',
  until: (day) => `Puede responder hasta el ${day}.`,
  npsScale: '0 significa nada probable, 10 significa muy probable.',
  csatScale: '1 significa muy insatisfecho, 5 significa muy satisfecho.',
  textHint: (charsMax) =>
    `Como máximo ${charsMax} caracteres. Por favor, no escriba nombres ni datos de contacto.`,
  noAnswer: 'Sin respuesta',
  send: 'Enviar respuestas',
  error: 'Error',
  summary: 'Sus respuestas aún no se han enviado',
  badChoice: 'Elija uno de los números, o sin respuesta',
  badText: 'Acorte el texto o quite los caracteres especiales',
  noAnswers: 'Responda al menos una pregunta',
  unreadable: 'Algo no pertenece a esta encuesta. Revise sus respuestas y envíelas de nuevo',
  question: (number) => `Pregunta ${number}`,
  thanks: 'Gracias',
  received: 'Sus respuestas han llegado. Puede cerrar esta página.',
  used: 'Estas preguntas ya se respondieron',
  usedMore: 'Este enlace sirve una sola vez, y las respuestas han llegado. Gracias.',
  expired: 'Esta encuesta ha terminado',
  expiredMore:
    'El enlace era válido por un tiempo limitado. Su biblioteca se alegrará de saber de usted de otro modo.',
  unknown: 'Este enlace no funciona',
  unknownMore: 'Compruebe que copió toda la dirección, o pida un enlace nuevo a su biblioteca.',
};

const spoken: readonly Words[] = [en, de, fr, es];

/** The texts in the language of a BCP 47 tag, or in English. */
export function wordsIn(language: string): Words {
  const primary = primaryLanguage(language);
  return spoken.find((words) => words.language === primary) ?? en;
}

/** The language of a BCP 47 tag, without script and region. */
export function primaryLanguage(tag: string): string {
  return tag.split('-', 1)[0]!.toLowerCase();
}
