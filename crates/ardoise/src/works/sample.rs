//! The beginning of a piece of sound, cut without decoding it.
//!
//! MP3 and FLAC are rows of frames that stand alone, and PCM is one number after the other, so a
//! beginning is cut by copying. Other formats would have to be encoded again; they have no sample.
//! The sample carries none of the original's tags and pictures.

use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{self, AssertUnwindSafe};

use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, well_known};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

/// Longest sample, in bytes: 30 seconds of stereo in 24 bits at 96 kHz take 17 million.
const MAX_SAMPLE_BYTES: usize = 24 * 1024 * 1024;
/// How much of a file is read for a sample at most, in bytes. A hostile file could hide its first
/// sound behind gigabytes of nothing.
const MAX_READ_BYTES: u64 = 64 * 1024 * 1024;
/// The length of a canonical WAV header.
const WAV_HEADER_BYTES: u32 = 44;
/// The length of FLAC's STREAMINFO block. Source: RFC 9639 §8.2.
const STREAMINFO_BYTES: usize = 34;

/// The beginning of a piece of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// A file of its own.
    pub bytes: Vec<u8>,
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// How long the whole piece is, in seconds rounded down, where the file tells. An MP3 without
    /// an index is estimated.
    pub duration_seconds_total: Option<u64>,
    /// Whether the piece is so short that this is all of it.
    pub is_whole: bool,
}

/// The first `seconds` of the sound in `file`; nothing if its format cannot be cut, or if it is damaged, or no sound.
///
/// Blocks the thread, for as long as reading 64 MiB takes at most.
///
/// # Errors
/// When the file's length cannot be told.
pub fn sample(file: impl Source, seconds: u32) -> io::Result<Option<Sample>> {
    let source = Frugal::new(file)?;
    // Hostile headers make the demuxer's arithmetic overflow, which panics where overflow is
    // checked. All that it had in hand is dropped with it, so nothing half-done is seen again.
    Ok(panic::catch_unwind(AssertUnwindSafe(|| cut(source, seconds))).unwrap_or_default())
}

/// A file that sound can be read from.
pub trait Source: Read + Seek + Send + Sync + 'static {}

impl<T: Read + Seek + Send + Sync + 'static> Source for T {}

fn cut(source: Frugal<impl Source>, seconds: u32) -> Option<Sample> {
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    let mut reader = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .ok()?;
    let track = reader.default_track(TrackType::Audio)?.clone();
    let sound = track.codec_params.as_ref()?.audio()?.clone();
    let rate = sound.sample_rate.filter(|rate| *rate > 0)?;
    let format = Format::of(&sound)?;
    let frames = u64::from(seconds) * u64::from(rate);
    let mut beginning = Beginning::read(reader.as_mut(), &track, frames)?;
    if let Format::Wav(pcm) = &format {
        beginning.shorten_to(frames * u64::from(pcm.frame_bytes()));
    }
    let mut bytes = format.header(beginning.bytes.len(), rate)?;
    bytes.append(&mut beginning.bytes);
    Some(Sample {
        bytes,
        media_type: format.media_type(),
        duration_seconds_total: track.num_frames.map(|frames| frames / u64::from(rate)),
        is_whole: beginning.is_whole,
    })
}

/// The encoded sound up to a certain length.
struct Beginning {
    bytes: Vec<u8>,
    is_whole: bool,
}

impl Beginning {
    /// Reads packets until they last `frames`. Nothing if there is no sound at all.
    fn read(reader: &mut dyn FormatReader, track: &Track, frames: u64) -> Option<Self> {
        let (mut bytes, mut read_frames) = (Vec::new(), 0_u64);
        while read_frames < frames {
            // A file that is damaged further on still has its beginning.
            let Ok(Some(packet)) = reader.next_packet() else {
                return (!bytes.is_empty()).then_some(Self { bytes, is_whole: true });
            };
            if packet.track_id != track.id {
                continue;
            }
            if bytes.len() + packet.data.len() > MAX_SAMPLE_BYTES {
                break;
            }
            read_frames = read_frames.saturating_add(packet.block_dur().get());
            bytes.extend_from_slice(&packet.data);
        }
        (!bytes.is_empty()).then_some(Self { bytes, is_whole: false })
    }

    fn shorten_to(&mut self, len: u64) {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len < self.bytes.len() {
            self.bytes.truncate(len);
            self.is_whole = false;
        }
    }
}

/// A format whose beginning is a file again, once it has a header.
enum Format {
    Mp3,
    Wav(Pcm),
    Flac([u8; STREAMINFO_BYTES]),
}

impl Format {
    fn of(sound: &AudioCodecParameters) -> Option<Self> {
        match sound.codec {
            well_known::CODEC_ID_MP3 => Some(Self::Mp3),
            well_known::CODEC_ID_FLAC => {
                Some(Self::Flac(sound.extra_data.as_deref()?.try_into().ok()?))
            }
            codec => {
                let channels = u16::try_from(sound.channels.as_ref()?.count()).ok()?;
                Some(Self::Wav(Pcm::of(codec, channels)?))
            }
        }
    }

    fn media_type(&self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Wav(_) => "audio/wav",
            Self::Flac(_) => "audio/flac",
        }
    }

    /// What stands before `len` bytes of sound.
    fn header(&self, len: usize, rate: u32) -> Option<Vec<u8>> {
        match self {
            Self::Mp3 => Some(Vec::new()),
            Self::Wav(pcm) => Some(pcm.header(u32::try_from(len).ok()?, rate)),
            Self::Flac(info) => Some(flac_header(*info)),
        }
    }
}

/// How numbers are written in a WAV file.
struct Pcm {
    /// 1 for whole numbers, 3 for fractions.
    tag: u16,
    bytes_per_number: u16,
    channels: u16,
}

impl Pcm {
    fn of(codec: AudioCodecId, channels: u16) -> Option<Self> {
        let (tag, bytes_per_number) = match codec {
            well_known::CODEC_ID_PCM_U8 => (1, 1),
            well_known::CODEC_ID_PCM_S16LE => (1, 2),
            well_known::CODEC_ID_PCM_S24LE => (1, 3),
            well_known::CODEC_ID_PCM_S32LE => (1, 4),
            well_known::CODEC_ID_PCM_F32LE => (3, 4),
            well_known::CODEC_ID_PCM_F64LE => (3, 8),
            _ => return None,
        };
        (1..=32).contains(&channels).then_some(Self { tag, bytes_per_number, channels })
    }

    /// Bytes of one instant of sound, all channels together.
    fn frame_bytes(&self) -> u16 {
        self.bytes_per_number * self.channels
    }

    fn header(&self, len: u32, rate: u32) -> Vec<u8> {
        let mut header = Vec::with_capacity(WAV_HEADER_BYTES as usize);
        header.extend(b"RIFF");
        header.extend((len + WAV_HEADER_BYTES - 8).to_le_bytes());
        header.extend(b"WAVEfmt ");
        header.extend(16_u32.to_le_bytes());
        header.extend(self.tag.to_le_bytes());
        header.extend(self.channels.to_le_bytes());
        header.extend(rate.to_le_bytes());
        header.extend(rate.saturating_mul(u32::from(self.frame_bytes())).to_le_bytes());
        header.extend(self.frame_bytes().to_le_bytes());
        header.extend((self.bytes_per_number * 8).to_le_bytes());
        header.extend(b"data");
        header.extend(len.to_le_bytes());
        header
    }
}

/// The original's parameters, without its length and check sum, which RFC 9639 §8.2 lets a writer
/// leave at zero.
fn flac_header(mut info: [u8; STREAMINFO_BYTES]) -> Vec<u8> {
    info[13] &= 0xf0;
    info[14..].fill(0);
    let mut header = b"fLaC\x80\0\0\x22".to_vec();
    header.extend(info);
    header
}

/// A file that ends early when too much of it was read.
struct Frugal<F> {
    file: F,
    len: u64,
    left: u64,
}

impl<F: Source> Frugal<F> {
    fn new(mut file: F) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self { file, len, left: MAX_READ_BYTES })
    }
}

impl<F: Source> Read for Frugal<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read(&mut buffer[..wanted])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl<F: Source> Seek for Frugal<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl<F: Source> MediaSource for Frugal<F> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use symphonia::core::checksum::{Crc8Ccitt, Crc16Ansi};
    use symphonia::core::io::Monitor;

    use super::*;

    fn sample_of(bytes: &[u8], seconds: u32) -> Option<Sample> {
        sample(io::Cursor::new(bytes.to_vec()), seconds).unwrap()
    }

    /// A stereo tone in 16 bits at 8 kHz.
    fn wav(seconds: u32) -> Vec<u8> {
        let frames = (0..seconds * 8_000).flat_map(|n| [(n % 251) as i16, (n % 241) as i16]);
        let sound: Vec<u8> = frames.flat_map(i16::to_le_bytes).collect();
        let pcm = Pcm { tag: 1, bytes_per_number: 2, channels: 2 };
        [pcm.header(u32::try_from(sound.len()).unwrap(), 8_000), sound].concat()
    }

    /// Silence in frames of 128 kbit/s at 44.1 kHz; a frame lasts 1152 samples.
    fn mp3(frames: usize) -> Vec<u8> {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0xc0]);
        frame.repeat(frames)
    }

    /// Frame number `n` (below 128) of 4096 samples of one constant, mono, 16 bits at 44.1 kHz.
    fn flac_frame(n: u8) -> Vec<u8> {
        let mut frame = vec![0xff, 0xf8, 0xc9, 0x08, n];
        let mut crc8 = Crc8Ccitt::new(0);
        crc8.process_buf_bytes(&frame);
        frame.push(crc8.crc());
        frame.extend([0x00, 0x00, n]);
        let mut crc16 = Crc16Ansi::new(0);
        crc16.process_buf_bytes(&frame);
        frame.extend(crc16.crc().to_be_bytes());
        frame
    }

    fn flac(frames: u8) -> Vec<u8> {
        let samples = u32::from(frames) * 4_096;
        let mut file = b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x40\xf0".to_vec();
        file.extend(samples.to_be_bytes());
        file.extend([7; 16]);
        (0..frames).for_each(|n| file.extend(flac_frame(n)));
        file
    }

    #[test]
    fn a_wav_is_cut_to_the_second() {
        let whole = wav(40);
        let sample = sample_of(&whole, 30).unwrap();
        assert_eq!(sample.bytes.len(), 44 + 30 * 8_000 * 4);
        assert_eq!(sample.bytes[44..], whole[44..sample.bytes.len()]);
        assert_eq!(sample.media_type, "audio/wav");
        assert_eq!((sample.duration_seconds_total, sample.is_whole), (Some(40), false));
        let again = sample_of(&sample.bytes, 30).unwrap();
        assert_eq!((again.duration_seconds_total, again.bytes), (Some(30), sample.bytes));
    }

    #[test]
    fn a_short_piece_is_its_own_sample() {
        let sample = sample_of(&wav(2), 30).unwrap();
        assert_eq!((sample.bytes, sample.is_whole), (wav(2), true));
    }

    #[test]
    fn an_mp3_is_cut_between_two_frames() {
        let whole = mp3(1_531);
        let sample = sample_of(&whole, 30).unwrap();
        // 30 s × 44 100 Hz / 1152 is 1148.4 frames.
        assert_eq!(sample.bytes, whole[..1_149 * 417]);
        assert_eq!(sample.media_type, "audio/mpeg");
        assert_eq!((sample.duration_seconds_total, sample.is_whole), (Some(39), false));
    }

    #[test]
    fn a_sample_carries_no_tags() {
        let tagged = [&b"ID3\x04\0\0\0\0\0\x14TPE1\0\0\0\x0a\0\0\x03Ada Ada A"[..], &mp3(100)];
        let sample = sample_of(&tagged.concat(), 1).unwrap();
        assert_eq!(sample.bytes, mp3(39));
    }

    #[test]
    fn a_flac_is_cut_between_two_frames() {
        let whole = flac(60);
        let sample = sample_of(&whole, 3).unwrap();
        // 3 s × 44 100 Hz / 4096 is 32.3 frames.
        let (header, frames) = sample.bytes.split_at(42);
        assert_eq!(frames, (0..33).flat_map(flac_frame).collect::<Vec<_>>());
        assert_eq!(header[..21], whole[..21]);
        assert_eq!(header[21..], [[0xf0].as_slice(), &[0; 20]].concat());
        assert_eq!(sample.media_type, "audio/flac");
        assert_eq!((sample.duration_seconds_total, sample.is_whole), (Some(5), false));
        let again = sample_of(&sample.bytes, 3).unwrap();
        assert_eq!((again.duration_seconds_total, again.bytes), (None, sample.bytes));
    }

    #[test]
    fn what_cannot_be_cut_has_no_sample() {
        let cases: [&[u8]; 4] = [b"", b"no sound at all", b"OggS\0\x02", &wav(1)[..44]];
        for bytes in cases {
            assert_eq!(sample_of(bytes, 30), None);
        }
        let mut overflowing = wav(1);
        overflowing[23] = 0x80;
        assert_eq!(sample_of(&overflowing, 30), None);
    }

    #[test]
    fn a_damaged_end_does_not_spoil_the_beginning() {
        let whole = mp3(1_531);
        let damaged = [&whole[..1_200 * 417 + 100], &[0x55; 10_000]].concat();
        assert_eq!(sample_of(&damaged, 30).unwrap().bytes, whole[..1_149 * 417]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_hostile_file_is_refused_without_a_fall(
            which in 0..3,
            spots in proptest::collection::vec((0_usize..200, any::<u8>()), 1..8),
        ) {
            let mut bytes = match which {
                0 => wav(1),
                1 => mp3(40),
                _ => flac(20),
            };
            for (at, value) in spots {
                bytes[at] = value;
            }
            sample_of(&bytes, 1);
        }
    }
}
