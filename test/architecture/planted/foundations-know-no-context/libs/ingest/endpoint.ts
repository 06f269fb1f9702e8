// planted violation
import { imageTypes } from '../images/index.js';

export const known = imageTypes;
