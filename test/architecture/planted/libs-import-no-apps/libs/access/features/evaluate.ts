// planted violation
import { port } from '../../../apps/gateway/main.js';

export const address = port;
