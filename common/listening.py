"""What is published of DNSMOS P.835 (Reddy et al. 2022), and where its model lies."""

import importlib.util
from pathlib import Path

# From the model's raw SIG, BAK and OVRL to opinions: square, slope, offset.
POLYNOMIALS = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)


def p808_model() -> Path:
    """DNSMOS P.808 (Reddy et al. 2021) as the package speechmos brings it; FileNotFoundError without it."""
    package = importlib.util.find_spec("speechmos")
    if not package or not package.origin:
        raise FileNotFoundError("DNSMOS is missing: pip install -r training/requirements.txt, or name the model with --p808")
    return Path(package.origin).parent / "dnsmos_models/model_v8.onnx"
