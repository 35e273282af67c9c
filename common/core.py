"""The wasm core under Python, with recordings: features and targets come from the very code that runs in the browser."""

from pathlib import Path

import numpy as np
import wasmtime

from common.shape import BUILD, FEATURES, HOP, SPECTRUM, STATISTICS

WASM = BUILD / "recording.wasm"


class Core:
    """One instance of the core. Not thread-safe: make one per process."""

    def __init__(self, wasm: Path = WASM):
        if not wasm.exists():
            raise FileNotFoundError(f"{wasm} is missing: run `npm run build:core` first")
        config = wasmtime.Config()
        config.cranelift_opt_level = "speed"
        self._store = wasmtime.Store(wasmtime.Engine(config))
        module = wasmtime.Module.from_file(self._store.engine, str(wasm))
        imports = []
        for i in module.imports:
            imports.append(wasmtime.Func(self._store, i.type, lambda *a: (_ for _ in ()).throw(RuntimeError("core aborted"))))
        exports = wasmtime.Instance(self._store, module, imports).exports(self._store)
        self._exports = exports
        self._memory = exports["memory"]
        self._regions: dict[str, tuple[int, int]] = {}

    def _region(self, name: str, size: int) -> int:
        """Address of a named scratch region of at least `size` bytes, kept and grown between calls."""
        address, capacity = self._regions.get(name, (0, 0))
        if capacity < size:
            address = self._exports["alloc"](self._store, size)
            self._regions[name] = (address, size)
        return address

    def _write(self, name: str, samples: np.ndarray) -> int:
        data = np.ascontiguousarray(samples, dtype=np.float32)
        address = self._region(name, data.nbytes)
        self._memory.write(self._store, data.tobytes(), address)
        return address

    def _read(self, address: int, count: int) -> np.ndarray:
        return np.frombuffer(self._memory.read(self._store, address, address + 4 * count), dtype=np.float32)

    def _call(self, name: str, *arguments: int) -> None:
        code = self._exports[name](self._store, *arguments)
        if code != 0:
            raise RuntimeError(f"the core's {name} refused its arguments ({code})")

    def features(self, noisy: np.ndarray, clean: np.ndarray) -> np.ndarray:
        """[hops, 70 + 171] float32: features of each hop and the oracle's statistics of its frame in decision."""
        hops = len(noisy) // HOP
        a = self._write("noisy", noisy[: hops * HOP])
        b = self._write("clean", clean[: hops * HOP])
        out = self._region("features", 4 * hops * (FEATURES + STATISTICS))
        self._call("recordingFeatures", a, b, hops, out)
        return self._read(out, hops * (FEATURES + STATISTICS)).reshape(hops, FEATURES + STATISTICS)

    def ladder(self, noisy: np.ndarray, clean: np.ndarray, step: int) -> np.ndarray:
        """A step of the ladder, 1440 samples late: 0 untouched, 1 bins, 2 bands, 3 comb filter, 4 post-filter."""
        hops = len(noisy) // HOP
        a = self._write("noisy", noisy[: hops * HOP])
        b = self._write("clean", clean[: hops * HOP])
        out = self._region("signal", 4 * hops * HOP)
        self._call("recordingLadder", a, b, hops, step, out)
        return self._read(out, hops * HOP)

    def spectra(self, noisy: np.ndarray) -> np.ndarray:
        """[hops, 2, 200] complex64: spectra of the frame in decision, noisy and comb-filtered, bins of 50 Hz from 0 on."""
        hops = len(noisy) // HOP
        a = self._write("noisy", noisy[: hops * HOP])
        out = self._region("spectra", 8 * hops * 2 * SPECTRUM)
        self._call("recordingSpectra", a, hops, out)
        return self._read(out, hops * 4 * SPECTRUM).view(np.complex64).reshape(hops, 2, SPECTRUM)

    def pitch(self, noisy: np.ndarray) -> np.ndarray:
        """[hops, 2]: period in samples and correlation of each frame in decision."""
        hops = len(noisy) // HOP
        a = self._write("noisy", noisy[: hops * HOP])
        out = self._region("pitch", 8 * hops)
        self._call("recordingPitch", a, hops, out)
        return self._read(out, hops * 2).reshape(hops, 2)
