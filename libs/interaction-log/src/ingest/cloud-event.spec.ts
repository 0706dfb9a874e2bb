import { headerAttributes } from './cloud-event.js';

describe('the attributes in the headers of a request', () => {
  it.each([
    ['plain', 'urn:ils:north', 'urn:ils:north'],
    ['percent-encoded', 'Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['encoded twice, of which one is taken back', '%2541', '%41'],
    ['with a percent sign that encodes nothing', '100% sure', '100% sure'],
    ['quoted', '"a b"', 'a b'],
    ['quoted, with escapes', '"a \\"b\\" \\\\"', 'a "b" \\'],
    ['quoted and encoded', '"caf%C3%A9"', 'café'],
    ['in bytes of UTF-8', Buffer.from('café').toString('latin1'), 'café'],
  ])('are read when they are %s', (_how, sent, read) =>
    expect(headerAttributes({ 'ce-id': sent, accept: 'x', 'ce-none': undefined })).toEqual({ id: read }),
  );

  it.each([
    ['no UTF-8', '%ff', 'NOT_UTF8'],
    ['no UTF-8 in their bytes', '\u00e9', 'NOT_UTF8'],
    ['text with NUL', 'a%00', 'BAD_STRING'],
  ])('are refused when they are %s', (_how, sent, code) =>
    expect(() => headerAttributes({ 'ce-id': sent })).toThrow(code),
  );
});
