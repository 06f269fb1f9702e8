// planted violation
import type { Topic } from '../messaging/topic.js';

export type Addressed = { topic: Topic };
