import { textDirection } from './text-direction.js';

describe('the direction of a language', () => {
  it.each([
    ...[
      'ar',
      'AR-eg',
      'he',
      'iw',
      'yi',
      'fa',
      'ur',
      'ps',
      'ug',
      'ckb',
      'ks',
      'dv',
      'syr',
      'nqo',
      'arz',
      'prs',
    ],
    ...[
      'az-IR',
      'pa-PK',
      'pa-Arab',
      'uz-AF',
      'ms-Arab',
      'ff-Adlm',
      'ku-Arab',
      'rhg',
      'sd',
      'az-Arab-x-private',
    ],
  ])('is right to left for %s', (language) => expect(textDirection(language)).toBe('rtl'));

  it.each([
    ...[
      'en',
      'de-AT',
      'ja',
      'pa',
      'az',
      'uz',
      'ms',
      'ff',
      'ku',
      'ar-Latn',
      'sd-Deva',
      'he-Latn',
      'und',
      'mn',
    ],
  ])('is left to right for %s', (language) => expect(textDirection(language)).toBe('ltr'));

  it('is left to right for what is no tag', () => expect(textDirection('en-1')).toBe('ltr'));
});
