/** The program with shorter times, for tests that wait for them: TIMING is JSON of what differs from `TIMING`. */
import { main } from '../../src/main.ts';

main(JSON.parse(process.env.TIMING ?? '{}'));
