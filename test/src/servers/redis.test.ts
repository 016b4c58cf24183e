import { afterEach, describe, expect, it } from '@jest/globals';
import { findProgram } from './binary.js';
import { RedisServer, startCluster, startSentinel } from './redis.js';

const running: { stop(): Promise<void> }[] = [];
function kept<T extends { stop(): Promise<void> }>(server: T): T {
  running.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

describe('the Redis that tests start', () => {
  it('comes back with what it had saved, and as another run', async () => {
    const server = kept(await RedisServer.start());
    const run = await server.info('server', 'run_id');
    await server.command('SET', 'saved', 'yes');
    await server.command('SAVE');
    await server.command('SET', 'lost', 'yes');
    await server.kill();
    await server.restart();
    expect(await server.command('MGET', 'saved', 'lost')).toEqual(['yes', null]);
    expect(await server.info('server', 'run_id')).not.toBe(run);
  });

  it('hangs and goes on as it is told', async () => {
    const server = kept(await RedisServer.start());
    const other = kept(await RedisServer.start());
    await server.command('PING');
    server.pause();
    const answers: unknown[] = [];
    const asked = server.command('PING').then((answer) => answers.push(answer));
    for (let i = 0; i < 10; i++) await other.command('PING');
    expect(answers).toEqual([]);
    server.resume();
    await asked;
    expect(answers).toEqual(['PONG']);
  });

  it('is a cluster of three', async () => {
    const { nodes } = kept(await startCluster());
    expect(await Promise.all(nodes.map((node) => node.info('server', 'redis_mode')))).toEqual(Array(3).fill('cluster'));
    await expect(nodes[0]?.command('GET', 'k')).rejects.toThrow(/^MOVED/);
  });

  it('is a primary with a replica that a sentinel promotes', async () => {
    const group = kept(await startSentinel());
    await group.primary.kill();
    await group.process.logged(/\+switch-master main/);
    expect(await group.replica.info('replication', 'role')).toBe('master');
  });

  it('says what is missing where there is none', () => {
    const program = { names: ['no-such-server'], variable: 'NO_SUCH_SERVER', debian: '' };
    process.env['NO_SUCH_SERVER'] = '/no/such/file';
    expect(() => findProgram(program)).toThrow('NO_SUCH_SERVER=/no/such/file is not a file that can be run');
    delete process.env['NO_SUCH_SERVER'];
  });
});
