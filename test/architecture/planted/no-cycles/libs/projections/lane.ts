// planted violation
import { engine } from './engine.js';

export const lane = (): number => engine();
