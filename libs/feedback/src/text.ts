/** A line of text: no control characters, no half surrogate pairs, no line breaks. */
export const oneLine = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u;

/**
 * An id that a library chooses: safe in addresses, stream names and form fields, and not a name that JavaScript objects
 * have themselves.
 */
export const givenId = /^(?!(?:constructor|prototype)$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const givenIdOnly = {
  message:
    'Give an id of 1 to 64 letters, digits, dots, hyphens and underscores that begins with a letter or digit.',
};

/** RFC 9562, versions 1 to 8. */
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
