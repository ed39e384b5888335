// A program that makes a device with threads, uses it and forgets to dispose it.

import { randomNormal } from "@pare/tensor";
import { createWasmDevice } from "../wasm_device.ts";

const device = await createWasmDevice({ threads: 3 });
const x = device.upload(randomNormal([300, 300]));
const { shape } = await device.download(device.matmul(x, x));
console.log(shape.join(" by "));
