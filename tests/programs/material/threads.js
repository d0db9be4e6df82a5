/* SPDX-License-Identifier: MIT */
/* threads.js FOLDER ROUNDS: libuv's pool and worker threads. Prints what must be the same in every run. */
'use strict';
const crypto = require('crypto');
const dns = require('dns');
const fs = require('fs');
const path = require('path');
const zlib = require('zlib');
const { execFile } = require('child_process');
const { promisify } = require('util');
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');

const digest = data => crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);

function work(number) {
    const counter = new Int32Array(workerData.shared);
    for (let i = 0; i < workerData.rounds * 100; i++)
        Atomics.add(counter, 0, 1);
    const packed = zlib.gzipSync(Buffer.alloc(50000, 'worker' + number));
    parentPort.postMessage({ number, sum: digest(zlib.gunzipSync(packed)) });
    Atomics.add(counter, 1, 1);
    Atomics.notify(counter, 1);
}

async function pool(folder, rounds) {
    const sums = [];
    await Promise.all([...Array(rounds).keys()].map(async i => {
        const key = await promisify(crypto.pbkdf2)('word' + i, 'salt', 200, 32, 'sha256');
        const file = path.join(folder, 'file' + i);
        const text = Buffer.alloc(20000 + i, key.toString('hex'));
        await fs.promises.writeFile(file, await promisify(zlib.brotliCompress)(text,
            { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }));
        const back = await promisify(zlib.brotliDecompress)(await fs.promises.readFile(file));
        if (!back.equals(text))
            throw new Error('other bytes than were written: ' + i);
        await fs.promises.unlink(file);
        const salted = await promisify(crypto.scrypt)('word' + i, 'salt', 16, { N: 512 });
        sums[i] = digest(back) + salted.toString('hex');
    }));
    console.log('pool', digest(sums.join()));
    console.log('left', (await fs.promises.readdir(folder)).length);
    const { address } = await dns.promises.lookup('localhost', { family: 4 });
    console.log('lookup', address);
    const { publicKey, privateKey } = await promisify(crypto.generateKeyPair)('ec', { namedCurve: 'P-256' });
    const signature = crypto.sign('sha256', Buffer.from('text'), privateKey);
    console.log('signature', crypto.verify('sha256', Buffer.from('text'), publicKey, signature));
}

async function workers(rounds) {
    const shared = new SharedArrayBuffer(8);
    const answers = await Promise.all([...Array(6).keys()].map(number => new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { workerData: { shared, rounds, number } });
        worker.on('message', resolve);
        worker.on('error', reject);
    })));
    console.log('workers', answers.map(answer => answer.number + answer.sum).join(' '));
    const counter = new Int32Array(shared);
    while (Atomics.load(counter, 1) < 6)
        Atomics.wait(counter, 1, Atomics.load(counter, 1), 100);
    console.log('count', Atomics.load(counter, 0));
    const endless = new Worker('for (;;) {}', { eval: true });
    console.log('terminated', await endless.terminate());
}

async function main() {
    const [folder, rounds] = [process.argv[2], Number(process.argv[3])];
    await pool(folder, rounds);
    await workers(rounds);
    const { stdout } = await promisify(execFile)('sh', ['-c', 'echo child; exit 0']);
    console.log(stdout.trim());
}

if (isMainThread)
    main();
else
    work(workerData.number);
