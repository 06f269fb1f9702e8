// planted violation
import type { ImageType } from '../../images/index.js';

export const guarded: ImageType[] = [];
