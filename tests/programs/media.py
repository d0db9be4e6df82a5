# SPDX-License-Identifier: MIT
"""Encoders and decoders with threads: the same bytes come out."""

from catalogue import program
from compressors import digest


def source(box):
    return ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={1 if box.quick else 5}"]


FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
EXACT = ["-bitexact", "-fflags", "+bitexact", "-flags", "+bitexact"]


@program("ffmpeg", "frame and slice threads, filters, several outputs; same packed bytes, same decoded frames",
         ["ffmpeg ffmpeg"])
def ffmpeg(box):
    one, two = box.path("one.mkv"), box.path("two.mkv")
    box.run([*FFMPEG, *source(box), "-filter_complex_threads", 3, "-filter_complex",
             "[0:v]split=2[a][b];[a]scale=256:144[c];[b]gblur=sigma=2[d]",
             "-map", "[c]", "-c:v", "mpeg4", "-threads", 4, "-q:v", 5, *EXACT, one,
             "-map", "[d]", "-c:v", "ffv1", "-slices", 4, "-threads", 4, *EXACT, two])
    sums = [digest(one), digest(two)]
    for number, path in enumerate((one, two)):
        for kind in ("frame", "slice"):
            told = box.path(f"md5.{number}.{kind}")
            box.run([*FFMPEG, "-threads", 4, "-thread_type", kind, "-i", path, "-f", "framemd5", told])
            sums.append(digest(told))
    return sums


@program("x264", "frame threads, sliced threads, lookahead threads; same packed bytes", ["x264 x264", "ffmpeg ffmpeg"],
         quick=True)
def x264(box):
    raw = box.path("raw.y4m")
    box.helper([*FFMPEG, *source(box), "-pix_fmt", "yuv420p", raw])
    sums = []
    # With mbtree x264's bytes are not always the same, with no library around, either.
    for number, more in enumerate((["--threads", 4], ["--threads", 3, "--sliced-threads"],
                                   ["--threads", 4, "--lookahead-threads", 2, "--preset", "slow"])):
        out = box.path(f"out.{number}.264")
        box.run(["x264", "--quiet", "--no-progress", "--no-mbtree", *more, "-o", out, raw])
        sums.append(digest(out))
    return sums
