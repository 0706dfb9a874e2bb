import 'reflect-metadata';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import request from 'supertest';
import { BoardModule } from './board.module.js';

describe('the page at /', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(() => [{ module: BoardModule }], memoryAdapters());
  });
  afterAll(() => app.close());

  it('is an empty shell that needs no key and loads nothing from elsewhere', async () => {
    const { text, headers } = await request(app.url).get('/').expect(200).expect('content-type', /html/);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect([...text.matchAll(/(?:src|href)="([^"]+)"/g)].filter(([, to]) => !/^[/#]/.test(to!))).toEqual([]);
  });

  it('has its style and its scripts beside it', async () => {
    await request(app.url).get('/board.css').expect(200).expect('content-type', /css/);
    const script = await request(app.url)
      .get('/board.js')
      .expect(200)
      .expect('content-type', /javascript/);
    const imported = [...script.text.matchAll(/from '\.(\/[^']+)'/g)].map(([, path]) => path!);
    expect(imported).toEqual(['/board-figures.js']);
    for (const path of imported)
      await request(app.url)
        .get(path)
        .expect(200)
        .expect('content-type', /javascript/);
  });

  it('opens nothing else', async () => {
    await request(app.url)
      .get('/v1/audit/log')
      .expect(401)
      .expect('content-type', /problem\+json/);
  });
});
