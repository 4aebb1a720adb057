/** PDF of a view: vectors, text that can be selected, and the same bytes every time. */
import type { View } from 'vega';
import { canvasModule } from '../canvas.ts';

interface PdfCanvas {
  toBuffer(type: 'application/pdf', options: object): Buffer;
}

/** SOURCE_DATE_EPOCH, else the epoch itself: a file with today's date is never the same twice. */
function reproducibleDate(): Date {
  const seconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? 0);
  return new Date(Number.isFinite(seconds) ? seconds * 1000 : 0);
}

export async function pdfOf(view: View, title: string | undefined): Promise<Buffer> {
  await canvasModule();
  // "glyph" writes characters; without it canvas draws their outlines.
  const context = { textDrawingMode: 'glyph' };
  const canvas = (await view.toCanvas(1, { type: 'pdf', context })) as unknown as PdfCanvas;
  const date = reproducibleDate();
  return canvas.toBuffer('application/pdf', {
    ...(title === undefined ? {} : { title }),
    creator: 'nairobi',
    creationDate: date,
    modDate: date,
  });
}
