// planted violation
import { sign } from 'tweetnacl';

export const note = sign;
