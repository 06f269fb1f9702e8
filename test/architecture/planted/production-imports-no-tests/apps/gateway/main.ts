// planted violation
import { examples } from '../../libs/images/images.contract.js';

export const start = examples;
