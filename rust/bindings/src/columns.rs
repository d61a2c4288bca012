//! Columns of a table on their way to NumPy.

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Texts of a column that are found again by their address.
const SEEN: usize = 24;

/// Null in a column of dates.
pub const NO_DATE: i32 = i32::MIN;

/// A table under construction: names and columns in order.
pub struct Columns<'py> {
    dict: Bound<'py, PyDict>,
    py: Python<'py>,
}

impl<'py> Columns<'py> {
    pub fn new(py: Python<'py>) -> Self {
        Self { dict: PyDict::new(py), py }
    }

    /// A float64 column; NaN is null.
    pub fn float(self, name: &str, values: Vec<f64>) -> PyResult<Self> {
        self.dict.set_item(name, PyArray1::from_vec(self.py, values))?;
        Ok(self)
    }

    /// An int64 column.
    pub fn int(self, name: &str, values: Vec<i64>) -> PyResult<Self> {
        self.dict.set_item(name, PyArray1::from_vec(self.py, values))?;
        Ok(self)
    }

    /// A date column; none is null.
    pub fn date(self, name: &str, values: Vec<Option<i32>>) -> PyResult<Self> {
        self.days(name, values.into_iter().map(|d| d.unwrap_or(NO_DATE)).collect())
    }

    /// A date column, in which [`NO_DATE`] is null.
    pub fn days(self, name: &str, values: Vec<i32>) -> PyResult<Self> {
        self.dict.set_item(name, PyArray1::from_vec(self.py, values))?;
        Ok(self)
    }

    /// A boolean column; none is null.
    pub fn boolean(self, name: &str, values: Vec<Option<bool>>) -> PyResult<Self> {
        let values: Vec<i8> = values.into_iter().map(|b| b.map_or(-1, i8::from)).collect();
        self.dict.set_item(name, PyArray1::from_vec(self.py, values))?;
        Ok(self)
    }

    /// A text column from the texts themselves; an empty text is null.
    pub fn text<'t>(self, name: &str, values: impl Iterator<Item = &'t str>) -> PyResult<Self> {
        let mut vocabulary: Vec<&str> = Vec::new();
        let mut index = std::collections::HashMap::new();
        let mut codes: Vec<i32> = Vec::new();
        // Most texts of a column are the same few, at the same few addresses.
        let mut seen: Vec<(*const u8, usize, i32)> = Vec::with_capacity(SEEN);
        for value in values {
            if value.is_empty() {
                codes.push(-1);
                continue;
            }
            let (address, length) = (value.as_ptr(), value.len());
            if let Some((_, _, code)) = seen.iter().find(|(at, size, _)| *at == address && *size == length) {
                codes.push(*code);
                continue;
            }
            let code = *index.entry(value).or_insert_with(|| {
                vocabulary.push(value);
                vocabulary.len() - 1
            });
            let code = i32::try_from(code).unwrap_or(-1);
            if seen.len() < SEEN {
                seen.push((address, length, code));
            }
            codes.push(code);
        }
        self.dict.set_item(name, (PyArray1::from_vec(self.py, codes), vocabulary))?;
        Ok(self)
    }

    /// A text column of which each row names its text by its place among `texts`.
    pub fn text_of<'t>(
        self,
        name: &str,
        places: impl Iterator<Item = usize>,
        texts: impl Iterator<Item = &'t str>,
    ) -> PyResult<Self> {
        const UNSEEN: i32 = i32::MIN;
        let texts: Vec<&str> = texts.collect();
        let mut code_of = vec![UNSEEN; texts.len()];
        let mut vocabulary: Vec<&str> = Vec::new();
        let mut codes: Vec<i32> = Vec::with_capacity(places.size_hint().0);
        for place in places {
            let code = &mut code_of[place];
            if *code == UNSEEN {
                let known = vocabulary.iter().position(|text| *text == texts[place]);
                let at = known.unwrap_or(vocabulary.len());
                if known.is_none() && !texts[place].is_empty() {
                    vocabulary.push(texts[place]);
                }
                *code = if texts[place].is_empty() { -1 } else { i32::try_from(at).unwrap_or(-1) };
            }
            codes.push(*code);
        }
        self.dict.set_item(name, (PyArray1::from_vec(self.py, codes), vocabulary))?;
        Ok(self)
    }

    pub fn finish(self) -> Bound<'py, PyDict> {
        self.dict
    }
}
