// Runs a referee until standard input ends, and with it the test that needs the referee.
//
//     node run.mjs COMMAND ARGUMENT…

import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
// A group of its own: the command may be a launcher that leaves the server behind.
const referee = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
referee.on('error', (error) => {
  console.error(`${command} cannot be started: ${error.message}`);
  process.exit(1);
});
referee.on('exit', (code) => process.exit(code ?? 1));
process.stdin.resume().on('close', () => process.kill(-referee.pid));
