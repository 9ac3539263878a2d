// Drives a server with the npm SDK, and prints what came back as one JSON object. Arguments: the folder of the SDK, the server's command line.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, command, ...args] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = (path) => import(pathToFileURL(require.resolve(`@modelcontextprotocol/sdk/${path}`)));
const { Client } = await load("client/index.js");
const { StdioClientTransport } = await load("client/stdio.js");

const client = new Client({ name: "npm", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command, args, env: process.env, stderr: "inherit" }));

const seen = { server: client.getServerVersion().name, instructions: client.getInstructions() };
seen.tools = (await client.listTools()).tools.map((tool) => tool.name);

const call = (name, args, options) => client.callTool({ name, arguments: args }, undefined, options);
const live = [];
const shown = () => live.map((progress) => progress.message).join("");
const code = `
import os, time
print('one', flush=True)
print('two', flush=True)
while not os.path.exists('go'): time.sleep(0.01)
os.remove('go')
`;

// The SDK drops progress that comes with the result: the program does not end before all of it is there.
let going;
seen.run = await call(
  "run_code",
  { session: "npm", language: "python", code },
  {
    onprogress: (progress) => {
      live.push(progress);
      if (shown().endsWith("two\n")) {
        going ??= call("write_file", { session: "npm", path: "go", content: "" });
      }
    },
  },
);
await going;
seen.live = shown();
seen.grows = live.every((progress, i) => i === 0 || progress.progress > live[i - 1].progress);

await call("write_file", { session: "npm", path: "in/data.txt", content: "hello" });
seen.read = await call("read_file", { session: "npm", path: "in/data.txt" });
seen.files = await call("list_files", { session: "npm" });

const stop = new AbortController();
const running = call(
  "run_code",
  { session: "npm", language: "python", code: "print('started', flush=True)\nimport time; time.sleep(600)" },
  { signal: stop.signal, onprogress: () => stop.abort("enough") },
);
seen.cancelled = await running.then(() => false, () => true);

// The session's executor runs one program at a time: this one would wait for the other, if that still ran.
seen.after = await call("run_code", { session: "npm", language: "python", code: "print('alive')" });
seen.reset = await call("reset_session", { session: "npm" });
seen.unknown = await call("no_such_tool", {}).then((result) => result, (error) => ({ code: error.code }));

await client.close();
console.log(JSON.stringify(seen));
