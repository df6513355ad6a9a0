//! The archive's format: POSIX ustar (IEEE Std 1003.1-2017, "pax"), so that every `tar` opens it.
//!
//! Where the standard leaves a choice, there is one way here: names of at most 100 bytes, mode 600, owner 0, time 0, sizes
//! in octal digits or, from 8 GiB on, in base 256 as GNU tar writes them. Reading accepts nothing else, down to the
//! padding, so that no bit of an archive goes unlooked at. The last member, `SHA256SUMS`, holds the sums of all others.

use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::io::{self, Read, Write};

/// The member that holds the sums of all others, at the end.
pub const SUMS: &str = "SHA256SUMS";
/// Everything in an archive is padded to blocks of this many bytes.
const BLOCK: usize = 512;
/// Longest name of a member, in bytes.
const NAME_MOST: usize = 100;
/// Sizes from here on do not fit in eleven octal digits.
const OCTAL_MOST: u64 = 1 << 33;
/// How much is copied at once, in bytes.
const COPIED_AT_ONCE: usize = 256 * 1024;
/// The largest [`SUMS`] that is read into memory: ten million files have less.
const SUMS_MOST: u64 = 2 << 30;

/// Writes an archive, member by member.
pub struct Writer<W> {
    out: W,
    sums: String,
}

/// A member as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub fn new(out: W) -> Self {
        Self { out, sums: String::new() }
    }

    /// Adds a member of exactly `size` bytes.
    ///
    /// # Errors
    /// Whatever reading or writing says; `UnexpectedEof` when the content is shorter.
    pub fn add(&mut self, name: &str, size: u64, content: impl Read) -> io::Result<Written> {
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the name is too long");
        let header = header(name, size).ok_or_else(too_long)?;
        self.out.write_all(&header)?;
        let mut hashing = Hashing::new(content, size);
        copy(&mut hashing, &mut self.out)?;
        if hashing.read != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.out.write_all(&[0; BLOCK][..padding(size)])?;
        let sha256: [u8; 32] = hashing.sha256.finalize().into();
        self.sums.push_str(&sum_line(&sha256, name));
        Ok(Written { sha256 })
    }

    /// Ends the archive with the sums of its members.
    ///
    /// # Errors
    /// Whatever writing says.
    pub fn finish(mut self) -> io::Result<W> {
        let sums = std::mem::take(&mut self.sums);
        self.add(SUMS, sums.len() as u64, sums.as_bytes())?;
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// What each member is given to: its name, its size, and its content, which may be left unread.
pub type EachMember<'a, E> = &'a mut dyn FnMut(&str, u64, &mut dyn Read) -> Result<(), E>;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// It ends too early.
    #[error("it ends too early")]
    Short,
    /// Something in it was changed, or it is no archive of ours.
    #[error("{0}")]
    Changed(String),
    /// It could not be read.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Short,
            _ => Self::Io(error),
        }
    }
}

/// Reads an archive from its first to its last bit; what `each` was given counts only once this is done.
///
/// # Errors
/// [`Broken`], or whatever `each` says.
pub fn read<E: From<Broken>>(mut archive: impl Read, each: EachMember<E>) -> Result<(), E> {
    let (mut sums, mut names) = (String::new(), HashSet::new());
    loop {
        let mut block = [0; BLOCK];
        archive.read_exact(&mut block).map_err(Broken::from)?;
        let (name, size) = read_header(&block)?;
        if name == SUMS {
            compare_sums(&mut archive, size, &sums)?;
            return Ok(end(&mut archive)?);
        }
        if !names.insert(name.clone()) {
            return Err(Broken::Changed(format!("{name} is in it twice")).into());
        }
        let mut hashing = Hashing::new(&mut archive, size);
        each(&name, size, &mut hashing)?;
        copy(&mut hashing, &mut io::sink()).map_err(Broken::from)?;
        if hashing.read != size {
            return Err(Broken::Short.into());
        }
        sums.push_str(&sum_line(&hashing.sha256.finalize().into(), &name));
        padded(&mut archive, size)?;
    }
}

fn compare_sums(archive: &mut impl Read, size: u64, computed: &str) -> Result<(), Broken> {
    if size != computed.len() as u64 || size > SUMS_MOST {
        return Err(Broken::Changed(format!("{SUMS} is of another length than its members make")));
    }
    let mut told = Vec::new();
    archive.take(size).read_to_end(&mut told)?;
    if told.len() as u64 != size {
        return Err(Broken::Short);
    }
    if told == computed.as_bytes() {
        return padded(archive, size);
    }
    let told = String::from_utf8_lossy(&told);
    let differs = computed.lines().zip(told.lines()).find(|(computed, told)| computed != told);
    let name = differs.and_then(|(computed, _)| computed.split("  ").nth(1)).unwrap_or(SUMS);
    Err(Broken::Changed(format!("{name} is not what it was when the archive was made")))
}

/// What stands between a content and the next block must be nothing.
fn padded(archive: &mut impl Read, size: u64) -> Result<(), Broken> {
    let mut rest = [0; BLOCK];
    let rest = &mut rest[..padding(size)];
    archive.read_exact(rest)?;
    if rest.iter().all(|&byte| byte == 0) { Ok(()) } else { Err(stray()) }
}

/// Two empty blocks, and then nothing.
fn end(archive: &mut impl Read) -> Result<(), Broken> {
    let mut rest = Vec::new();
    archive.take(3 * BLOCK as u64).read_to_end(&mut rest)?;
    if rest.iter().any(|&byte| byte != 0) || rest.len() > 2 * BLOCK {
        return Err(stray());
    }
    if rest.len() < 2 * BLOCK { Err(Broken::Short) } else { Ok(()) }
}

fn stray() -> Broken {
    Broken::Changed("something stands where nothing should".into())
}

fn sum_line(sha256: &[u8; 32], name: &str) -> String {
    format!("{}  {name}\n", crate::receipts::document::hex(sha256))
}

fn padding(size: u64) -> usize {
    let over = (size % BLOCK as u64) as usize;
    if over == 0 { 0 } else { BLOCK - over }
}

/// The header of a member; none when its name does not fit.
fn header(name: &str, size: u64) -> Option<[u8; BLOCK]> {
    let printable = name.bytes().all(|byte| byte.is_ascii_graphic());
    if name.is_empty() || name.len() > NAME_MOST || !printable {
        return None;
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    if size < OCTAL_MOST {
        put(124, format!("{size:011o}\0").as_bytes());
    } else {
        put(124, &[0x80, 0, 0, 0]);
        put(128, &size.to_be_bytes());
    }
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(block)
}

/// The name and the size in a header. There is one way to write each, so the header must be the one that we would write.
fn read_header(block: &[u8; BLOCK]) -> Result<(String, u64), Broken> {
    let read = || {
        let end = block[..NAME_MOST].iter().position(|&byte| byte == 0).unwrap_or(NAME_MOST);
        let name = std::str::from_utf8(&block[..end]).ok()?;
        let size = if block[124] == 0x80 {
            u64::from_be_bytes(block[128..136].try_into().ok()?)
        } else {
            u64::from_str_radix(std::str::from_utf8(&block[124..135]).ok()?, 8).ok()?
        };
        (header(name, size)? == *block).then(|| (name.to_owned(), size))
    };
    let what = "a header is not one of ours: this is no backup, or it was changed";
    read().ok_or_else(|| Broken::Changed(what.into()))
}

fn copy(from: &mut Hashing<impl Read>, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; COPIED_AT_ONCE.min(usize::try_from(from.size).unwrap_or(usize::MAX))];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => to.write_all(&buffer[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A content that is summed up as it is read.
struct Hashing<R> {
    content: io::Take<R>,
    size: u64,
    sha256: Sha256,
    read: u64,
}

impl<R: Read> Hashing<R> {
    fn new(content: R, size: u64) -> Self {
        Self { content: content.take(size), size, sha256: Sha256::new(), read: 0 }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn archive(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for (name, content) in members {
            writer.add(name, content.len() as u64, &content[..]).expect("written");
        }
        writer.finish().expect("finished")
    }

    fn contents(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Broken> {
        let mut found = Vec::new();
        read::<Broken>(archive, &mut |name, size, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            assert!(bytes.len() as u64 <= size);
            found.push((name.to_owned(), bytes));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn what_is_written_is_read_back_and_equal_contents_make_equal_archives() {
        let members = [("a", vec![]), ("files/b", vec![7; 512]), ("files/c", vec![8; 1_000])];
        let made = archive(&members);
        assert_eq!(made.len() % BLOCK, 0);
        let found = contents(&made).expect("whole");
        let expected: Vec<(String, Vec<u8>)> =
            members.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect();
        assert_eq!(found, expected);
        assert_eq!(archive(&members), made);
    }

    #[test]
    fn the_tools_of_the_system_open_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let members = [("ardoise.db", vec![1; 700]), ("files/content/ab/fil_ab", vec![2; 512])];
        std::fs::write(folder.path().join("b.tar"), archive(&members)).expect("written");
        let run = |program: &str, words: &[&str]| {
            let mut command = std::process::Command::new(program);
            let ran = command.args(words).current_dir(folder.path()).output();
            let output = ran.expect("it is there");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        run("tar", &["-xf", "b.tar"]);
        assert_eq!(
            run("sha256sum", &["-c", SUMS]),
            "ardoise.db: OK\nfiles/content/ab/fil_ab: OK\n"
        );
        assert_eq!(std::fs::read(folder.path().join("ardoise.db")).expect("there"), vec![1; 700]);
    }

    #[test]
    fn sizes_of_any_length_have_a_header() {
        for size in [0, 1, 511, OCTAL_MOST - 1, OCTAL_MOST, 20 << 30, u64::MAX] {
            let block = header("files/x", size).expect("a header");
            assert_eq!(read_header(&block).expect("ours"), ("files/x".to_owned(), size));
        }
        assert!(header(&"x".repeat(101), 1).is_none() && header("", 1).is_none());
    }

    #[test]
    fn every_single_bit_counts() {
        let made = archive(&[("a", vec![5; 40]), ("b", vec![6; 600])]);
        for at in 0..made.len() {
            for bit in 0..8 {
                let mut changed = made.clone();
                changed[at] ^= 1 << bit;
                assert!(contents(&changed).is_err(), "bit {bit} of byte {at} was changed");
            }
        }
        for length in 0..made.len() {
            assert!(contents(&made[..length]).is_err(), "cut after {length} bytes");
        }
        assert!(contents(&[&made[..], &[0]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_archive_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert!(contents(&bytes).is_err());
        }
    }
}
