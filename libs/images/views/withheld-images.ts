import { placeOf } from '../../kernel/decider.js';
import { defineView, int8, nullable, type RowOf, text } from '../../projections/view.js';
import { withholdingEvents } from '../events.js';
import { withholdingStream } from '../image-withholding.js';

const columns = {
  image_id: text(),
  /** The case because of which the image is withheld; null since it was restored. */
  case_id: nullable(text()),
  /** The position of the image's last event. */
  position: int8(),
};

type WithheldImageRow = RowOf<typeof columns>;

/** Small beside the images, and read as a whole when a decision point starts. */
export const withheldImagesView = defineView({
  name: 'withheld-images',
  version: 2,
  summary: 'The images that nobody may share, download or flag, and those that were restored.',
  events: withholdingEvents,
  table: { name: 'withheld_images', key: 'image_id', columns, indexes: ['(image_id) WHERE case_id IS NOT NULL'] },
  keys: ({ data }) => [data.imageId],
  evolve(row: WithheldImageRow | undefined, event, imageId) {
    if (row && event.position <= row.position) return row;
    const before = row?.case_id ? { caseId: row.case_id } : withholdingStream.initial;
    const after = withholdingStream.evolve(before, event, placeOf(event));
    return {
      image_id: imageId,
      case_id: after.caseId ?? null,
      position: event.position,
    };
  },
});
