import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '@readership/host';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const asset = (name: string): string => readFileSync(join(import.meta.dirname, '../assets', name), 'utf8');

/** The page at `/` until the console exists: an empty page that loads the figures with the reader's own key. */
@Public()
@ApiExcludeController()
@Controller()
export class BoardController {
  private readonly html = asset('board.html');
  private readonly css = asset('board.css');
  private readonly js = asset('board.js');
  private readonly figuresJs = asset('board-figures.js');

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return this.html;
  }

  @Get('board.css')
  @Header('content-type', 'text/css; charset=utf-8')
  style(): string {
    return this.css;
  }

  @Get('board.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  script(): string {
    return this.js;
  }

  @Get('board-figures.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  figures(): string {
    return this.figuresJs;
  }
}
