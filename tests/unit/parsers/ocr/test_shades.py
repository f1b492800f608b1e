"""A seal vanishes from what is read, red print stays."""

import random

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("cv2")

from parsers.ocr.shades import gray, ink, red_seals, rings, without_rings, without_seals  # noqa: E402
from tests.builders.scans import drawn, needs_fonts, sealed  # noqa: E402

pytestmark = needs_fonts
TABLE = [["姓名", "张三"], ["手机", "13900001234"], ["单位名称", "青石镇人民政府"], ["地址", "青石镇中山路12号"]]


def pixels(page):
    return np.ascontiguousarray(np.asarray(page)[:, :, ::-1])


def test_a_seal_turns_white_and_the_print_under_it_stays_black():
    page = drawn(TABLE)
    plain, stamped = pixels(page), pixels(sealed(page, random.Random(3)))
    assert red_seals(stamped).any()
    shade = without_seals(stamped)
    red_only = (gray(plain) > 250) & (gray(stamped) < 200)
    assert np.percentile(shade[red_only], 10) > 200
    assert np.percentile(shade[gray(plain) < 20], 99) < 90


def test_red_print_is_no_seal():
    red = np.asarray(drawn(TABLE)).copy()
    red[:, :, 0] = np.maximum(red[:, :, 0], 210)  # all ink of the page in red
    page = pixels(red[200:700])
    assert not red_seals(page).any()
    assert without_seals(page).min() < 120


def test_a_page_without_red_is_left_alone():
    page = pixels(drawn(TABLE))
    assert (without_seals(page) == gray(page)).all()


def test_a_seal_copied_in_gray_is_found_by_its_ring():
    stamped = gray(pixels(sealed(drawn(TABLE), random.Random(3))))
    plain = gray(pixels(drawn(TABLE)))
    assert rings(ink(plain)) == []
    found = rings(ink(stamped))
    changed = np.argwhere(stamped != plain)
    middle = changed.min(axis=0) / 2 + changed.max(axis=0) / 2
    assert found
    assert all(np.hypot(x - middle[1], y - middle[0]) < 20 and 140 < radius < 190 for x, y, radius in found)


def noisy(shade):
    noise = np.random.default_rng(5).normal(0, 9, shade.shape)
    return np.clip(shade * 0.97 + noise, 0, 255).astype(np.uint8)


def test_a_ring_is_found_in_the_noise_of_a_scanner():
    assert len(rings(ink(noisy(gray(pixels(sealed(drawn(TABLE), random.Random(3)))))))) == 1
    assert rings(ink(noisy(gray(pixels(drawn(TABLE)))))) == []


def test_a_gray_seal_paler_than_print_turns_white_and_the_print_under_it_stays():
    plain = gray(pixels(drawn(TABLE)))
    stamped = gray(pixels(sealed(drawn(TABLE), random.Random(3))))
    cleaned, left = without_rings(stamped, rings(ink(stamped)))
    assert left == []
    assert np.percentile(cleaned[(plain > 250) & (stamped < 200)], 10) == 255
    assert np.percentile(cleaned[(plain < 20) & (stamped < 100)], 90) < 200


def test_a_seal_as_dark_as_the_print_stays_and_is_told():
    stamped = gray(pixels(sealed(drawn(TABLE), random.Random(3))))
    black = np.where(stamped < 170, np.uint8(0), np.uint8(255))
    circles = rings(ink(black))
    cleaned, left = without_rings(black, circles)
    assert left == circles != []
    assert (cleaned == black).all()


def test_a_page_full_of_print_has_no_rings():
    lines = [f"第{number}条 本办法自发布之日起施行，由区安全生产委员会办公室负责解释。" for number in range(30)]
    assert rings(ink(gray(pixels(drawn([], above=lines))))) == []
