"""What a regression cannot ask for: that magnitudes look like those of clean sound. A small network, the discriminator, learns beside the stage to tell the two apart.

Least squares on patches of time and frequency (Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017; Isola et al., "Image-to-Image Translation with Conditional
Adversarial Networks", CVPR 2017: it sees the noisy sound too), and the distance between its layers' answers to the enhanced and to the clean sound (Larsen et al., ICML 2016).
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional

# Added to powers, some 60 dB below the loud bins of a voice of -26 dBFS: nobody hears what lies lower.
FLOOR = 1e-9
RATE, BETAS = 6e-4, (0.5, 0.9)
# Its steps for each step of the stage.
STEPS = 2
# Weight of the layers' distance beside the verdict.
FEATURES_WEIGHT = 2.0


class Discriminator(nn.Module):
    """Complex spectra [batch, time, bins], heard and noisy -> answers of its layers, the last of them near 1 where the sound seems clean and near 0 where not."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(3, 24, (3, 5), (1, 2), (1, 2)),
                nn.Conv2d(24, 32, (3, 5), 2, (1, 2)),
                nn.Conv2d(32, 48, 3, 2, 1),
                nn.Conv2d(48, 64, 3, 2, 1),
                nn.Conv2d(64, 1, 3, 1, 1),
            ]
        )

    def forward(self, heard: Tensor, noisy: Tensor) -> list[Tensor]:
        powers = [torch.log10(x.real**2 + x.imag**2 + FLOOR) / 3 + 2 for x in (heard, noisy)]
        bins = torch.linspace(-1, 1, heard.shape[-1], device=heard.device).expand(heard.shape)
        answers = [torch.stack([*powers, bins], 1).contiguous(memory_format=torch.channels_last)]
        for layer in self.layers[:-1]:
            answers.append(functional.leaky_relu(layer(answers[-1]), 0.2))
        return [*answers[1:], self.layers[-1](answers[-1])]


class Adversarial:
    """The discriminator in training. Every process holds the same: it begins with the same seed and takes the mean of all gradients."""

    def __init__(self, device: torch.device) -> None:
        self.discriminator = Discriminator().to(device)
        self.optimiser = torch.optim.Adam(self.discriminator.parameters(), RATE, BETAS)

    def state(self) -> dict:
        return {"discriminator": self.discriminator.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimiser.load_state_dict(state["optimiser"])

    def __call__(self, clean: Tensor, heard: Tensor, noisy: Tensor) -> Tensor:
        """How far `heard` is from seeming clean."""
        self.discriminator.requires_grad_(False)
        with torch.no_grad():
            *wanted, _ = self.discriminator(clean, noisy)
        *answers, verdict = self.discriminator(heard, noisy)
        apart = sum((a - b).abs().mean() / (b.abs().mean() + 1e-6) for a, b in zip(answers, wanted)) / len(wanted)
        return (verdict - 1).square().mean() + FEATURES_WEIGHT * apart

    def learn(self, clean: Tensor, heard: Tensor, noisy: Tensor) -> Tensor:
        """Steps of the discriminator; its loss: 0.5 where it cannot tell, 0 where it always can."""
        self.discriminator.requires_grad_(True)
        for _ in range(STEPS):
            loss = (self.discriminator(clean, noisy)[-1] - 1).square().mean() + self.discriminator(heard.detach(), noisy)[-1].square().mean()
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if dist.is_initialized():
                for weight in self.discriminator.parameters():
                    dist.all_reduce(weight.grad)
                    weight.grad /= dist.get_world_size()
            self.optimiser.step()
        return loss.detach()
