import type { Question } from '../surveys/survey.events.js';
import { answerLimits, scoresOf, type AnswerFault } from './answers.js';
import { textDirection } from './text-direction.js';
import { primaryLanguage, wordsIn, type Words } from './words.js';

/** What the page asks, and what is wrong with what was sent. */
export interface AskedPage {
  readonly title: string;
  readonly language: string;
  readonly questions: readonly Question[];
  readonly expiresOn: string;
  /** True when the answers will be about a known patron. */
  readonly personal: boolean;
  /** Fields of the form as they were sent, by name. */
  readonly sent?: Readonly<Record<string, string>>;
  readonly faults?: readonly { readonly code: AnswerFault; readonly question?: string }[];
}

export type NoticeKind = 'thanks' | 'used' | 'expired' | 'unknown';

/** The name of a question's form field. */
export function fieldOf(question: string): string {
  return `q-${question}`;
}

/** The survey as a form that needs no script. */
export function askedPage(page: AskedPage): string {
  const { title, questions, faults = [], sent = {} } = page;
  const words = wordsIn(page.language);
  const say = sayer(words, page.language);
  const faulty = new Map(
    faults.flatMap(({ code, question }) => (question === undefined ? [] : [[question, code] as const])),
  );
  const day = new Intl.DateTimeFormat(words.language, { dateStyle: 'long', timeZone: 'UTC' });
  const body = `
<h1>${escaped(title)}</h1>
${faults.length === 0 ? '' : summary(page, words, say)}
<p>${say(`${words.intro} ${words.until(day.format(new Date(`${page.expiresOn}T00:00:00Z`)))}`)}</p>
<p class="note">${say(page.personal ? words.known : words.anonymous)}</p>
<form method="post" accept-charset="utf-8">
${questions.map((question, at) => asked(question, at + 1, sent[fieldOf(question.id)] ?? '', faulty.get(question.id), words, say)).join('\n')}
<button type="submit">${say(words.send)}</button>
</form>`;
  const heading = faults.length === 0 ? title : `${words.error}: ${title}`;
  return documentOf(page.language, heading, body);
}

/** A page with one message. `language` is the survey's, if it is known. */
export function noticePage(kind: NoticeKind, language = 'en', title?: string): string {
  const words = wordsIn(language);
  const [heading, more] = {
    thanks: [words.thanks, words.received],
    used: [words.used, words.usedMore],
    expired: [words.expired, words.expiredMore],
    unknown: [words.unknown, words.unknownMore],
  }[kind] as [string, string];
  // All but the survey's title are our own words.
  const own = speaks(words, language) ? language : words.language;
  const survey =
    title === undefined
      ? ''
      : `<p class="survey"${own === language ? '' : spokenIn(language)}>${escaped(title)}</p>\n`;
  return documentOf(own, heading, `\n${survey}<h1>${escaped(heading)}</h1>\n<p>${escaped(more)}</p>`);
}

/** `before` stands out before the text. */
type Say = (text: string, before?: string) => string;

/** Writes our own texts, marked with their language when the survey uses another one. */
function sayer(words: Words, language: string): Say {
  const same = speaks(words, language);
  return (text, before) => {
    const said =
      before === undefined ? escaped(text) : `<strong>${escaped(before)}</strong> ${escaped(text)}`;
    return same ? said : `<span${spokenIn(words.language)}>${said}</span>`;
  };
}

/** True when the words are in the language and the script of a tag. */
function speaks(words: Words, language: string): boolean {
  return (
    primaryLanguage(language) === words.language && textDirection(language) === textDirection(words.language)
  );
}

/** The attributes of an element in a language. */
function spokenIn(language: string): string {
  return ` lang="${escaped(language)}" dir="${textDirection(language)}"`;
}

function summary({ questions, faults = [] }: AskedPage, words: Words, say: Say): string {
  const items = faults.map(({ code, question }) => {
    const number = questions.findIndex(({ id }) => id === question) + 1;
    const text = faultText(code, words);
    // A fault of the whole response leads to the first question.
    const at = Math.max(number, 1);
    return `<li><a href="#question-${at}">${say(number > 0 ? `${words.question(number)}: ${text}` : text)}</a></li>`;
  });
  return `<div class="summary" role="alert" aria-labelledby="summary" tabindex="-1">
<h2 id="summary">${say(words.summary)}</h2>
<ul>${items.join('')}</ul>
</div>`;
}

function faultText(code: AnswerFault, words: Words): string {
  switch (code) {
    case 'SCORE_OUT_OF_RANGE':
      return words.badChoice;
    case 'NOT_A_TEXT':
    case 'TEXT_TOO_LONG':
    case 'TEXTS_TOO_LONG':
      return words.badText;
    case 'NO_ANSWER':
      return words.noAnswers;
    case 'UNKNOWN_QUESTION':
      return words.unreadable;
  }
}

function asked(
  { id, type, text }: Question,
  number: number,
  sent: string,
  fault: AnswerFault | undefined,
  words: Words,
  say: Say,
): string {
  const field = `question-${number}`;
  const told = `${field}-hint${fault === undefined ? '' : ` ${field}-error`}`;
  const error =
    fault === undefined
      ? ''
      : `<p class="error" id="${field}-error">${say(faultText(fault, words), `${words.error}:`)}</p>\n`;
  const name = escaped(fieldOf(id));
  if (type === 'text') {
    const hint = words.textHint(answerLimits.textCharsMax.toLocaleString(words.language));
    return `<div class="question${fault === undefined ? '' : ' faulty'}">
<label class="asks" for="${field}">${escaped(text)}</label>
<p class="hint" id="${field}-hint">${say(hint)}</p>
${error}<textarea id="${field}" name="${name}" rows="5" dir="auto" maxlength="${answerLimits.textCharsMax}" aria-describedby="${told}"${fault === undefined ? '' : ' aria-invalid="true"'}>
${escaped(sent)}</textarea>
</div>`;
  }
  const scores = scoresOf(type);
  const chosen = scores.map(String).includes(sent) ? sent : '';
  const choices = scores.map(
    (score, at) =>
      `<label class="score"><input type="radio" id="${field}${at === 0 ? '' : `-${score}`}" name="${name}" value="${score}"${chosen === String(score) ? ' checked' : ''}><span>${score}</span></label>`,
  );
  return `<fieldset class="question${fault === undefined ? '' : ' faulty'}" aria-describedby="${told}">
<legend class="asks">${escaped(text)}</legend>
<p class="hint" id="${field}-hint">${say(type === 'nps' ? words.npsScale : words.csatScale)}</p>
${error}<div class="scores ${type}">
${choices.join('\n')}
<label class="score none"><input type="radio" name="${name}" value=""${chosen === '' ? ' checked' : ''}><span>${say(words.noAnswer)}</span></label>
</div>
</fieldset>`;
}

function documentOf(language: string, title: string, body: string): string {
  return `<!doctype html>
<html${spokenIn(language)}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
</head>
<body>
<main>${body}
</main>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
