import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public, StaticFile } from '@readership/host';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const asset = (type: string, name: string): StaticFile =>
  new StaticFile(`text/${type}; charset=utf-8`, () => readFile(join(import.meta.dirname, '../assets', name)));
const html = asset('html', 'board.html');
const css = asset('css', 'board.css');
const js = asset('javascript', 'board.js');

/** The page at `/` until the console exists: an empty page that loads the figures with the reader's own key. */
@Public()
@ApiExcludeController()
@Controller()
export class BoardController {
  @Get()
  page(): StaticFile {
    return html;
  }

  @Get('board.css')
  style(): StaticFile {
    return css;
  }

  @Get('board.js')
  script(): StaticFile {
    return js;
  }
}
