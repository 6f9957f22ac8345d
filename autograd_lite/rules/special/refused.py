"""The functions of `scipy.special` without a derivative, and why."""

from __future__ import annotations

from scipy import special

from ...primitive import refused

refused(
    "it looks for a parameter of a distribution, and in that parameter no formula for the derivative is known. "
    "Compute with v.data.",
    [
        special.bdtrik, special.bdtrin, special.btdtria, special.btdtrib, special.chdtriv, special.chndtridf,
        special.chndtrinc, special.fdtridfd, special.gdtrib, special.nbdtrik, special.nbdtrin, special.ncfdtridfd,
        special.ncfdtridfn, special.ncfdtrinc, special.nctdtridf, special.nctdtrinc, special.pdtrik, special.stdtridf,
    ],
)  # fmt: skip
refused(
    "SciPy has no density for this distribution, of which the derivative is made. Compute with v.data.",
    [
        special.kolmogi, special.kolmogorov, special.ncfdtr, special.ncfdtri, special.nctdtr, special.nctdtrit,
        special.smirnov, special.smirnovi,
    ],
)  # fmt: skip
refused(
    "where two arguments are equal its derivative is 0/0. Write it with scipy.special.ellipkinc and ellipeinc.",
    [special.elliprc, special.elliprd, special.elliprf, special.elliprg, special.elliprj],
)
refused(
    "a characteristic value has no formula for its derivative. Compute with v.data.",
    [special.mathieu_a, special.mathieu_b, special.obl_cv, special.pro_cv],
)
refused(
    "SciPy returns the derivative in the last argument beside the value: give a primitive of yours this rule with "
    "autograd_lite.defvjp.",
    [
        special.mathieu_cem, special.mathieu_sem, special.mathieu_modcem1, special.mathieu_modcem2,
        special.mathieu_modsem1, special.mathieu_modsem2, special.obl_ang1, special.obl_ang1_cv, special.obl_rad1,
        special.obl_rad1_cv, special.obl_rad2, special.obl_rad2_cv, special.pro_ang1, special.pro_ang1_cv,
        special.pro_rad1, special.pro_rad1_cv, special.pro_rad2, special.pro_rad2_cv,
    ],
)  # fmt: skip
refused(
    "no formula for its derivative is known. Compute with v.data.",
    [special.besselpoly, special.zetac],
)
