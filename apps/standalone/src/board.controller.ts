import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers, fileOf, Public, StaticFile } from '@readership/host';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const asset = (type: string, name: string): StaticFile =>
  new StaticFile(`text/${type}; charset=utf-8`, () => readFile(join(import.meta.dirname, '../assets', name)));
const html = asset('html', 'board.html');
const css = asset('css', 'board.css');
const js = asset('javascript', 'board.js');
const figuresJs = asset('javascript', 'board-figures.js');

/** The page at `/` until the console exists: an empty page that loads the figures with the reader's own key. */
@Public()
@ApiTags('pages')
@Controller()
export class BoardController {
  @Get()
  @Answers(fileOf('text/html'))
  @ApiOperation({ summary: 'The board' })
  page(): StaticFile {
    return html;
  }

  @Get('board.css')
  @Answers(fileOf('text/css'))
  @ApiOperation({ summary: 'The style of the board' })
  style(): StaticFile {
    return css;
  }

  @Get('board.js')
  @Answers(fileOf('text/javascript'))
  @ApiOperation({ summary: 'The script of the board' })
  script(): StaticFile {
    return js;
  }

  @Get('board-figures.js')
  @Answers(fileOf('text/javascript'))
  @ApiOperation({ summary: 'How the board writes its figures' })
  figures(): StaticFile {
    return figuresJs;
  }
}
