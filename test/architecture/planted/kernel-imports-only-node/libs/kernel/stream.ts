// planted violation
import { Subject } from 'rxjs';

export const events = new Subject();
